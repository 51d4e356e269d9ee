"""Problem kind for circuits that come from elsewhere: OpenQASM and QPY files in, distributions out.

Every file ends as compiled circuits, counts and a judged distribution, or as a row that says why
not. Code that executes circuits or knows a backend does not belong here.
"""

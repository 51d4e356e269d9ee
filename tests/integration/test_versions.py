import pytest
pytestmark = pytest.mark.integration
def test_second(ran):
    import time
    t=time.time()
    o = ran.run()
    print(o, time.time()-t)
    t=time.time()
    ran.edit("problem.decision", {"action_from": 0.8})
    o = ran.run()
    print(o.text, o.made, o.reused, time.time()-t)
    t=time.time()
    o = ran.run(backend="noisy_manila")
    print(o.text, o.made, o.reused, time.time()-t)

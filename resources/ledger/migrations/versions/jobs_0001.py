"""The jobs table."""

import sqlalchemy as sa
from alembic import op

revision = "jobs_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table and its indexes."""
    op.create_table(
        "jobs",
        sa.Column("idempotency_key", sa.String(128), primary_key=True),
        sa.Column("payload_fingerprint", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("workload", sa.String(128), nullable=False),
        sa.Column("backend", sa.String(128), nullable=False),
        sa.Column("provider_job_id", sa.String(256)),
        sa.Column("submitted_at", sa.String(64)),
        sa.Column("payload_ref", sa.String(96), nullable=False),
        sa.Column("raw_response_ref", sa.String(96)),
        sa.Column("result_ref", sa.String(96)),
        sa.Column("request_id", sa.String(128)),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("error_class", sa.String(32)),
        sa.Column("diagnosis", sa.Text),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("updated_at", sa.String(32), nullable=False),
    )
    op.create_index("jobs_by_state", "jobs", ["state", "workload"])
    op.create_index("jobs_by_workload", "jobs", ["workload", "created_at"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("jobs")

import pytest

from hq_assets.components.names import RESERVED, name_problem
from hq_assets.jobs import build_jobs


@pytest.mark.parametrize("name", ["wine", "wine_origin", "w2"])
def test_plain_names_are_taken(name):
    assert name_problem(name) is None


@pytest.mark.parametrize(
    "name", ["", "Wine", "wine-origin", "2wine", "wine origin", "wine.origin", "../x", "w" * 61]
)
def test_a_name_that_dagster_or_sql_cannot_take_is_refused_with_the_rule(name):
    problem = name_problem(name)
    assert problem is not None
    assert "lower-case letters, digits and underscores" in problem


@pytest.mark.parametrize("name", RESERVED)
def test_a_name_of_the_platform_itself_is_refused(name):
    assert "used by the platform itself" in str(name_problem(name))


def test_every_job_of_the_platform_is_reserved():
    assert {job.name for job in build_jobs()} <= set(RESERVED)


def test_schemas_that_sql_has_of_itself_are_reserved():
    import duckdb

    rows = duckdb.sql("SELECT DISTINCT schema_name, database_name FROM duckdb_schemas()").fetchall()
    assert {schema for schema, _ in rows} | {"temp", "system"} <= set(RESERVED)

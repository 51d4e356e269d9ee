"""Asset `warehouse`: the current versions of all workloads as tables of one DuckDB file, for other tools."""

from collections.abc import Sequence

import dagster as dg

KEY = dg.AssetKey(["platform", "warehouse"])


def build(
    workloads: Sequence[str], stages: Sequence[str], code_version: str
) -> dg.AssetsDefinition:
    """The asset `platform/warehouse`, downstream of the decisions of every workload.

    Args:
        workloads: Names of the workloads; each becomes a schema.
        stages: Stages whose tables are written.
        code_version: Hash of the code that makes the asset.
    """

    @dg.asset(
        key=KEY,
        deps=[dg.AssetKey([name, "decisions"]) for name in workloads],
        group_name="platform",
        kinds={"duckdb"},
        description="Current tables of every workload in one DuckDB file; one schema per workload.",
        code_version=code_version,
        required_resource_keys={"store", "home"},
        automation_condition=dg.AutomationCondition.any_deps_updated()
        & ~dg.AutomationCondition.in_progress(),
        io_manager_key="io_manager",
    )
    def _warehouse(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from dagster_duckdb import DuckDBResource

        from resources.store.versions_now import current_versions
        from resources.store.warehouse import write_warehouse

        store = context.resources.store.open()
        versions = current_versions(context.instance, workloads, stages)
        path = context.resources.home.path() / "warehouse.duckdb"
        resource = DuckDBResource(database=str(path))
        rows = write_warehouse(resource.get_connection, store, versions)
        lines = [f"| {name} | {count:,} |" for name, count in sorted(rows.items())]
        return dg.MaterializeResult(
            metadata={
                "dagster/uri": str(path),
                "tables": dg.MetadataValue.md(
                    "\n".join(["| table | rows |", "|---|---:|", *lines])
                ),
                "rows": sum(rows.values()),
            }
        )

    return _warehouse

"""The sensor that looks every minute for what people have to be told, and keeps ``release_status`` true.

Belongs here: looking. Does not belong here: what is wrong (``release.duty``), or sending (``release.duty.alerts``).
Dagster's own alerts say nothing of a failed check that does not block, so the latest result of every check is read.
"""

from collections.abc import Iterable

import dagster as dg
from dagster import AssetCheckKey
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from kh02_pipelines.assets.status import RELEASE_STATUS, status_metadata
from kh02_pipelines.release.duty.alerts import Alert, alerts_of, notify
from kh02_pipelines.resources.instance_facts import read_instance
from kh02_pipelines.resources.stores import Stores

SECONDS = 60


def failing_checks(instance: dg.DagsterInstance, keys: Iterable[AssetCheckKey]) -> list[Alert]:
    """An alert for each check whose latest result is a failure, blocking or not; of another run it is another one."""
    found = []
    latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(keys))
    for key, record in sorted(latest.items(), key=lambda item: item[0].name):
        event = record.event.dagster_event if record.event else None
        if record.status is not AssetCheckExecutionRecordStatus.FAILED or event is None:
            continue
        result = event.asset_check_evaluation_data
        shown = result.metadata
        count = f"{shown['failing_rows'].value} dòng · rows" if "failing_rows" in shown else "-"
        found.append(
            Alert(
                f"check:{key.name}:{record.run_id}",
                f"Kiểm tra {key.name} không đạt ({result.severity.value}): {count}",
                f"the check {key.name} failed",
                str(shown["remedy"].value) if "remedy" in shown else "-",
                f"/runs/{record.run_id}",
            )
        )
    return found


def duty_sensor_of(stores: Stores, checks: Iterable[dg.AssetChecksDefinition]) -> dg.SensorDefinition:
    """The sensor of one installation; ``checks`` are those it watches."""
    keys = [key for definition in checks for key in definition.check_keys]

    @dg.sensor(
        name="duty",
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Mỗi phút: báo cho người trực khi có lượt chạy hỏng, kiểm tra không đạt, bản phát hành cũ, đĩa đầy; cập "
            "nhật release_status khi đèn đổi.\n\n"
            "Every minute: tells people of failed runs, failing checks, a stale release, a full disk; keeps "
            "release_status true when the light changes."
        ),
    )
    def duty(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        status = stores.status(lambda: read_instance(context.instance, stores.dagster_home))
        sent = notify(
            [*alerts_of(status), *failing_checks(context.instance, keys)],
            stores.channels,
            stores.home,
            stores.clock(),
        )
        light = ",".join([str(status.facts.release_id), *sorted({problem.code for problem in status.problems})])
        changed = light != (context.cursor or "")
        return dg.SensorResult(
            skip_reason=f"{status.headline}; đã báo · sent: {', '.join(alert.key for alert in sent) or '-'}",
            cursor=light,
            asset_events=[dg.AssetMaterialization(RELEASE_STATUS, metadata=status_metadata(status))] if changed else [],
        )

    return duty

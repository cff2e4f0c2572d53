"""The job that builds and publishes the catalogue, and the schedule that runs it every night."""

import dagster as dg

from kh02_pipelines.resources.instance_facts import CATALOGUE_JOB as CATALOGUE_JOB
from kh02_pipelines.resources.instance_facts import NIGHTLY

catalogue_job = dg.define_asset_job(
    CATALOGUE_JOB,
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    description=(
        "Dựng danh mục hai cấp từ nguồn, kiểm tra, rồi công bố Parquet và cơ sở dữ liệu.\n\n"
        "Build the two-tier catalogue from its sources, check it, and publish Parquet and database."
    ),
)

nightly_sync = dg.ScheduleDefinition(
    name=NIGHTLY,
    job=catalogue_job,
    cron_schedule="30 1 * * *",
    execution_timezone="Asia/Ho_Chi_Minh",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=(
        "Mỗi đêm lúc 01:30 giờ Việt Nam; danh mục không đổi thì không có bản phát hành mới.\n\n"
        "Every night at 01:30 in Viet Nam; an unchanged catalogue makes no new release."
    ),
)

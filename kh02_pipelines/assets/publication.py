"""Group ``publication``: the only assets that touch what readers read. Each audits the staged bytes itself."""

from functools import partial

import dagster as dg

from kh02_pipelines.assets import groups
from kh02_pipelines.assets.explained import explained
from kh02_pipelines.release.about import rows_about
from kh02_pipelines.release.exports import write_exports
from kh02_pipelines.release.files.durable import write_durably
from kh02_pipelines.release.publish import one_publisher, publish_database, publish_parquet
from kh02_pipelines.release.staging import open_staged
from kh02_pipelines.resources.stores import Stores
from kh02_pipelines.tables.catalogue import PUBLISHED
from kh02_pipelines.tables.dictionary import data_dictionary as render_dictionary


@dg.asset(
    pool=groups.POOL,
    group_name=groups.PUBLICATION,
    owners=groups.OWNERS,
    kinds={"python", "sql"},
    description=groups.described(
        "Cơ sở dữ liệu công bố: bản mới được ghi ẩn, kiểm tra lại, rồi con trỏ chuyển sang trong một bước.",
        "The published database: the release is written unseen, audited again, then the pointer moves in one step.",
    ),
)
@explained
def database_release(
    context: dg.AssetExecutionContext, stores: dg.ResourceParam[Stores], candidate_release: str
) -> dg.MaterializeResult[None]:
    """Publish the candidate to the database."""
    with one_publisher(stores.home):
        staged = open_staged(stores.staging / candidate_release)
        published = publish_database(
            staged,
            stores.parquet,
            stores.database,
            now=stores.clock(),
            run_id=context.run.run_id,
            exports=write_exports,
            auxiliary=partial(rows_about, stores.parquet),
            limits=stores.limits,
        )
    return dg.MaterializeResult(
        metadata={
            "release_id": published.release_id,
            "new_release": published.new,
            "restored": list(published.restored),
            "database": stores.database.display_url,
            "dagster/row_count": sum(staged.rows.values()),
        }
    )


@dg.asset(
    pool=groups.POOL,
    deps=[database_release],
    group_name=groups.PUBLICATION,
    owners=groups.OWNERS,
    kinds={"python", "parquet"},
    description=groups.described(
        "Bản phát hành Parquet: thư mục bất biến và con trỏ current.json, đổi trong một bước.",
        "The Parquet release: an immutable folder and the pointer current.json, swapped in one step.",
    ),
)
@explained
def parquet_release(
    context: dg.AssetExecutionContext, stores: dg.ResourceParam[Stores], candidate_release: str
) -> dg.MaterializeResult[None]:
    """Publish the candidate as Parquet."""
    with one_publisher(stores.home):
        staged = open_staged(stores.staging / candidate_release)
        published = publish_parquet(
            staged,
            stores.parquet,
            stores.database,
            now=stores.clock(),
            run_id=context.run.run_id,
            retention=stores.retention,
            limits=stores.limits,
        )
    return dg.MaterializeResult(
        metadata={
            "release_id": published.release_id,
            "new_release": published.new,
            "folder": dg.MetadataValue.path(stores.parquet.folder(published.release_id)),
            "dagster/row_count": sum(staged.rows.values()),
        }
    )


@dg.asset(
    pool=groups.POOL,
    deps=[parquet_release],
    group_name=groups.PUBLICATION,
    owners=groups.OWNERS,
    kinds={"python", "markdown"},
    description=groups.described(
        "Từ điển dữ liệu song ngữ của mọi bảng công bố, sinh từ khai báo bảng.",
        "The bilingual data dictionary of every published table, generated from the declarations.",
    ),
)
@explained
def data_dictionary(stores: dg.ResourceParam[Stores]) -> dg.MaterializeResult[None]:
    """Write the data dictionary beside the releases."""
    text = render_dictionary(PUBLISHED)
    path = stores.parquet.root / "data_dictionary.md"
    write_durably(path, text.encode())
    return dg.MaterializeResult(
        metadata={
            "file": dg.MetadataValue.path(path),
            "dictionary": dg.MetadataValue.md(text),
            "tables": len(PUBLISHED),
        }
    )


ASSETS = [database_release, parquet_release, data_dictionary]

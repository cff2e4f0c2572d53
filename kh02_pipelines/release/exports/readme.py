"""``README.md`` of a release folder: what lies in it, how to use it, what it was made of, under which terms.

Belongs here: telling it, in Vietnamese and English, from the declarations and the tables; and the terms, which the data
package repeats (``datapackage``). Does not belong here: how to read pinned releases (docs/reading.md).

Same tables and release id, same text: the time of publication is in ``release.json`` and ``datapackage.json``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from kh02_pipelines.tables.catalogue import PUBLISHED

FILE = "README.md"
TITLE_VI, TITLE_EN = "Danh mục hành chính hai cấp", "The two-tier administrative catalogue of Viet Nam"
LICENCES = [
    {
        "name": "CC0-1.0",
        "path": "https://creativecommons.org/publicdomain/zero/1.0/",
        "title": "Creative Commons Zero v1.0 Universal",
    }
]
TERMS_VI = (
    "Mã, tên, loại đơn vị và các thay đổi là dữ kiện do văn bản quy phạm pháp luật và cơ quan thống kê công bố; Điều "
    "15 Luật Sở hữu trí tuệ (50/2005/QH11) không bảo hộ quyền tác giả đối với văn bản quy phạm pháp luật, văn bản "
    "hành chính và số liệu. Phần dự án thêm vào (đối chiếu, đính chính, sắp xếp, mô tả) được trao theo CC0-1.0: dùng "
    "tự do, không phải xin phép. Mã nguồn của chương trình giữ giấy phép Apache-2.0. Nguồn do đơn vị vận hành tự cấu "
    "hình, nếu có, theo điều kiện của nguồn đó."
)
TERMS_EN = (
    "Codes, names, types and changes of units are facts that Vietnamese law and the statistics office have published; "
    "Article 15 of the Law on Intellectual Property (50/2005/QH11) protects neither legal and administrative "
    "documents nor data as such. What the project adds (comparison, corrections, arrangement, descriptions) is given "
    "under CC0-1.0: use it freely, without asking. The code of the program stays under Apache-2.0. Sources that the "
    "operator configured, if any, keep the terms of those sources."
)

_TEXT = """# {vi} · {en}

Bản phát hành · Release `{release}`

## Trong thư mục này · In this folder

| tệp · file | |
|---|---|
| `<bảng · table>.parquet`, `csv/<bảng · table>.csv` | từng bảng · each table |
| `catalogue.sqlite`, `catalogue.duckdb` | mọi bảng trong một tệp · all tables in one file |
| `datapackage.json` | Frictionless: kiểu, khóa, nguồn, giấy phép · types, keys, sources, licence |
| `SHA256SUMS`, `manifest.json`, `release.json` | mã băm, lúc công bố · hashes, time of publication |

Kiểm tra · Check: `sha256sum -c SHA256SUMS`. Thư mục này không bao giờ thay đổi. · This folder never changes.

| bảng · table | dòng · rows | |
|---|---:|---|
{tables}

## Dùng cho đúng · Using it well

- Mã là văn bản, giữ số 0 ở đầu; mã được dùng lại, nên đi từ mã cũ sang mã mới phải qua bảng chuyển đổi. · Codes are
  text with leading zeros; they are reused, so go from old to new codes through a crosswalk.
- Trong CSV, ô chữ bắt đầu bằng ký tự công thức có thêm một dấu `'` ở đầu; bỏ dấu ấy để có giá trị gốc. · In CSV a text
  cell that begins like a formula has one `'` in front; drop it to read the value.
- `release_change`: bản này đổi gì so với bản trước; `quality_result`: kết quả kiểm tra trước khi công bố. ·
  `release_change`: what this release changed; `quality_result`: how its checks ended before publication.
{examples}
## Nguồn · Sources

| nguồn · source | tệp · file | vai trò · role | phản ánh ngày · speaks for | dòng · rows | SHA-256 |
|---|---|---|---|---:|---|
{sources}

Căn cứ pháp lý của từng dòng ở cột `legal_document`, tên văn bản ở bảng `legal_document`. · The legal basis of each row
is in its column `legal_document`, the documents are in the table of that name.

## Giấy phép · Licence: CC0-1.0

{terms_vi}

{terms_en}
"""


def write_readme(folder: Path, tables: Mapping[str, pa.Table], release_id: str) -> str:
    """Write ``README.md``; returns its path relative to ``folder``."""
    listed = [
        f"| `{name}` | {table.num_rows} | {PUBLISHED[name].vi} · {PUBLISHED[name].en} |"
        for name, table in tables.items()
    ]
    examples = [
        f"\n`{name}`:\n\n```sql\n{PUBLISHED[name].example}\n```\n" for name in tables if PUBLISHED[name].example
    ]
    told = [
        f"| {one['source']} | {one['file']} | {one['role']} | {one['speaks_for'] or '-'} | {one['rows_in']} "
        f"| `{one['sha256']}` |"
        for one in sources(tables)
    ]
    text = _TEXT.format(
        vi=TITLE_VI,
        en=TITLE_EN,
        release=release_id,
        tables="\n".join(listed),
        examples="".join(examples),
        sources="\n".join(told),
        terms_vi=TERMS_VI,
        terms_en=TERMS_EN,
    )
    (folder / FILE).write_bytes(text.encode())
    return FILE


def sources(tables: Mapping[str, pa.Table]) -> list[dict[str, Any]]:
    """The source files that a release was made of, as its table ``source_file`` tells; no other sources are known."""
    rows: list[dict[str, Any]] = tables["source_file"].to_pylist() if "source_file" in tables else []
    return rows

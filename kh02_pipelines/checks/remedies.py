"""Remedies in Vietnamese, by the name of the check. The English ones stand with the rules.

Belongs here: one sentence per rule. Does not belong here: rules. A test holds this list against all rules.
"""

from kh02_pipelines.checks.declared import PREFIX

VIETNAMESE = {
    "codes_fit_level": "Khôi phục các số 0 ở đầu mã, hoặc sửa cấp của đơn vị được nêu.",
    "types_fit_names": "Đối chiếu tên và loại với nghị quyết rồi thêm đính chính cho chỗ sai.",
    "parents_fit_level": "Sửa mã đơn vị cấp trên của đơn vị được nêu.",
    "law_governs_events": "Dẫn nghị quyết của tỉnh mới, hoặc sửa phạm vi điều chỉnh của văn bản.",
    "law_in_force": "Sửa ngày hiệu lực của sự kiện hoặc của văn bản.",
    "whole_means_one_successor": "Sửa cặp được nêu; xã có nhiều đơn vị kế thừa phải giữ nguyên nhiều dòng.",
    "new_code_is_members": "Đối chiếu cặp với nghị quyết; bảng mã là Quyết định 19/2025/QĐ-TTg.",
    "provinces_stay_whole": "Sửa cặp vượt ra ngoài địa giới tỉnh mới.",
    "one_population_heir": "Sửa phần dân số của xã được nêu trong các thay đổi của ngày đó.",
    "law_governs_links": "Dẫn nghị quyết của tỉnh mới, hoặc sửa phạm vi điều chỉnh của văn bản.",
    "rulings_applied": "Chạy lại toàn bộ; nếu vẫn còn, đính chính được nêu không còn khớp với nguồn.",
    "unit_totals": "Đối chiếu loại được nêu với totals.csv: thiếu, thừa hoặc sai ngày một thay đổi.",
    "province_totals": "Tìm xã nằm sai tỉnh hoặc sai loại; số liệu từng tỉnh ở totals.csv.",
    "change_totals": "Tìm dòng bị mất, thừa hoặc sai phần trong các thay đổi của ngày đó.",
    "every_unit_linked": "Thêm cặp còn thiếu bằng một đính chính kèm căn cứ.",
    "rows_conserved": "Xem bước được nêu; không được bỏ dòng nào mà không liệt kê.",
    "nothing_quarantined": "Sửa các dòng được nêu tại nguồn; lý do ở bảng quarantine.",
    "names_clean": "Làm sạch tên: nguồn này chưa qua bước làm sạch.",
    "names_without_strays": "Sửa tên tại nguồn, hoặc đọc nguồn đúng bảng mã.",
    "names_distinct": "Một trong hai mã sai hoặc đơn vị bị lặp; đối chiếu với nghị quyết.",
    "names_not_legacy_encoded": "Khai báo bảng mã của nguồn để được giải mã khi đọc.",
    "source_age": "Lấy nguồn mới hơn; giới hạn là KH02_MAX_SOURCE_AGE ngày.",
    "newest_law_age": "Tìm nghị quyết mới và bổ sung cùng các thay đổi; giới hạn là KH02_MAX_LAW_AGE ngày.",
    "law_applied": "Bổ sung các thay đổi của văn bản được nêu.",
    "late_changes": "Báo cho người dùng: các thay đổi này có hiệu lực trước bản trước; nếu đúng thì không cần sửa.",
    "changes_keep_their_day": "Khôi phục ngày, hoặc thêm đính chính changes_<ngày> đặt effective_date, kèm văn bản.",
    "release_age": "Chạy không kèm --as-of; giới hạn là KH02_MAX_AS_OF_AGE ngày.",
    "row_drift": "Tìm chỗ nguồn mất hoặc lặp dòng; nếu đúng, nâng KH02_MAX_ROW_DRIFT cho một lượt chạy.",
    "name_drift": "Đối chiếu các đơn vị được nêu với nguồn; nếu đúng, nâng KH02_MAX_NAME_DRIFT cho một lượt chạy.",
    "code_drift": "Đối chiếu các đơn vị được nêu với nguồn; nếu đúng, nâng KH02_MAX_CODE_DRIFT cho một lượt chạy.",
    "versions_consistent": "Sửa ngày hiệu lực các thay đổi của đơn vị được nêu.",
    "states_match_versions": "Chạy lại toàn bộ: các bảng đến từ những lượt chạy khác nhau.",
    "district_sets_complete": "Chạy lại toàn bộ: các bảng chuyển đổi đến từ những lượt chạy khác nhau.",
    "events_fit_relations": "Chạy lại toàn bộ; nếu vẫn còn, ra đính chính xem hai cách viết tên có phải là một tên.",
    "names_agree": "Chạy lại toàn bộ: các bảng đến từ những lượt chạy khác nhau.",
    "conflicts_settled": "Ra đính chính cho mâu thuẫn được nêu, kèm căn cứ, hoặc sửa nguồn.",
    "conflicts_ruled": "Ra đính chính cho mâu thuẫn được nêu, hoặc sửa nguồn đang được theo.",
    "source_rows_conserved": "Chạy lại toàn bộ; nếu vẫn còn, bộ đọc của nguồn được nêu làm mất dòng.",
    "conflicts_well_formed": "Bổ sung căn cứ cho đính chính được nêu.",
    "rulings_fit_sources": "Đọc lại nguồn rồi sửa hoặc bỏ đính chính được nêu.",
    "ids_kept": "Báo cho người dùng đang giữ các mã được nêu, hoặc khôi phục chúng.",
    "goes_forward": "Chạy không kèm --as-of, hoặc dùng rollback để quay về bản trước.",
    "stores_agree": "kh02 verify liệt kê mọi khác biệt; kh02 build ghi lại bản phát hành và con trỏ, "
    "kh02 db upgrade dựng lại khung nhìn.",
    "references_exist": "Thêm đơn vị hoặc văn bản còn thiếu, hoặc sửa mã trỏ tới nó.",
    "schema_contract": "Khôi phục cột được nêu; muốn bỏ thì công bố bảng mới và thông báo trước.",
    "join_keys_alike": "Dàn lại bằng phiên bản đang cài; mã ở mọi bảng là chữ.",
    "dictionary_complete": "Viết nghĩa của cột trong khai báo bảng rồi dàn lại.",
    "files_readable": "Dàn lại; nếu vẫn còn, đĩa hoặc một thư viện đang cài có lỗi.",
}

_DECLARED = "Sửa các dòng được nêu tại nguồn; giá trị cho phép của từng cột ở từ điển dữ liệu."


def vietnamese_remedy(check: str) -> str:
    """The remedy of a check in Vietnamese. Raises KeyError for a check that is not known."""
    return _DECLARED if check.startswith(PREFIX) else VIETNAMESE[check]

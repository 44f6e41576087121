"""The result as a plain dict, and its renderings."""

from gdsolve.report.write import check_history_path, save_json, write_history, write_record

__all__ = ["check_history_path", "save_json", "write_history", "write_record"]

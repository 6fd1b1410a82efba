"""One HTML file per run or evaluation, for people: what was made, with examples, and from what."""

from met_kg.report.evaluation_report import write_evaluation_report
from met_kg.report.render import write_report
from met_kg.report.summary import summary_lines

__all__ = ["summary_lines", "write_evaluation_report", "write_report"]

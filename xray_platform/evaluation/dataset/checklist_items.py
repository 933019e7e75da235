"""Checklist items: what two published checklists ask of a study like ours, by number, in words of our own.

CLAIM: Checklist for Artificial Intelligence in Medical Imaging, 2024 update, 44 items. STARD: Standards for Reporting
of Diagnostic Accuracy Studies, 2015, by its numbers; below them what STARD-AI (2025) adds for AI, without numbers. The
words are short reminders; who fills in a form for a journal reads the originals.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ChecklistItem:
    """One item: its number, the part of a paper that it belongs to, what it asks, and the name of what answers it."""

    number: str
    part: str
    asks: str
    answer: str


def _items(part: str, *items: tuple[str, str, str]) -> tuple[ChecklistItem, ...]:
    return tuple(ChecklistItem(number, part, asks, answer) for number, asks, answer in items)


CLAIM: tuple[ChecklistItem, ...] = (
    *_items(
        "Title and abstract",
        ("1", "The title says that it is about AI, and of which kind", "title"),
        ("2", "A summary of design, methods, results and conclusions", "summary"),
    ),
    *_items(
        "Introduction",
        ("3", "Background, with intended use and role", "intended_use"),
        ("4", "Aims and hypotheses", "goal"),
    ),
    *_items(
        "Study design",
        ("5", "Prospective or retrospective", "design"),
        ("6", "What kind of study it is", "kind"),
    ),
    *_items(
        "Data",
        ("7", "Where the data come from", "sources"),
        ("8", "Who and what was included and left out", "eligibility"),
        ("9", "How pictures were prepared", "recipe"),
        ("10", "How parts of the data were chosen for the study", "subset"),
        ("11", "How identity was removed", "deidentification"),
        ("12", "What was done about missing data", "missing_data"),
        ("13", "How pictures were taken", "acquisition"),
    ),
    *_items(
        "Reference standard",
        ("14", "How the truth was defined and found", "reference"),
        ("15", "Why by this reference", "rationale"),
        ("16", "Who annotated, and of what training", "readers"),
        ("17", "How the test part was annotated", "test_reference"),
        ("18", "How far annotators agreed", "agreement"),
    ),
    *_items(
        "Parts of the data",
        ("19", "How data were assigned to the parts", "assignment"),
        ("20", "At which level the parts are apart", "disjoint"),
        ("21", "How large the test was meant to be", "sample_size"),
    ),
    *_items(
        "Model",
        ("22", "The model in full", "model"),
        ("23", "Software and libraries", "software"),
        ("24", "What the parameters began with", "initialisation"),
    ),
    *_items(
        "Training",
        ("25", "How it was trained", "training"),
        ("26", "How the final model was chosen", "selection"),
        ("27", "How models were joined, if any were", "ensembling"),
    ),
    *_items(
        "Evaluation",
        ("28", "Measures of performance", "measures"),
        ("29", "Significance and uncertainty, by which methods", "uncertainty"),
        ("30", "Robustness, or what the results are sensitive to", "robustness"),
        ("31", "Explanation of what the model goes by", "explanation"),
        ("32", "Evaluation on data of the same source", "internal"),
        ("33", "Test on data of another source", "external"),
        ("34", "Registration of the trial", "registration"),
    ),
    *_items(
        "Results",
        ("35", "How many were included and left out", "flow"),
        ("36", "Who the patients of each part are", "demographics"),
        ("37", "Performance with its uncertainty, in each part", "performance"),
        ("38", "Diagnostic accuracy with its precision", "accuracy"),
        ("39", "An analysis of failures", "failures"),
    ),
    *_items(
        "Discussion",
        ("40", "Limits of the study", "limits"),
        ("41", "What follows for practice", "implications"),
    ),
    *_items(
        "Other",
        ("42", "Where the protocol or more detail is found", "protocol"),
        ("43", "Whether software, model and data can be had", "availability"),
        ("44", "Funding and the part of funders", "funding"),
    ),
)

STARD: tuple[ChecklistItem, ...] = (
    *_items(
        "Title, abstract, introduction",
        ("1", "Named as a study of diagnostic accuracy, with a measure of it", "measures"),
        ("2", "A structured summary", "summary"),
        ("3", "Background, intended use and role of the test", "intended_use"),
        ("4", "Objectives and hypotheses", "goal"),
    ),
    *_items(
        "Methods",
        ("5", "Whether data were collected before or after the tests", "design"),
        ("6", "Who was eligible", "eligibility"),
        ("7", "On what grounds patients were found", "selection_of_patients"),
        ("8", "Where and when", "where_and_when"),
        ("9", "Consecutive, random or convenience series", "selection_of_patients"),
        ("10a", "The test, so that it can be repeated", "model"),
        ("10b", "The reference, so that it can be repeated", "reference"),
        ("11", "Why this reference", "rationale"),
        ("12a", "Cut-off of the test, and whether it was fixed before", "threshold"),
        ("12b", "Cut-off of the reference", "reference"),
        ("13a", "What was known to whoever ran the test", "test_blinding"),
        ("13b", "What was known to whoever set the reference", "blinding"),
        ("14", "How accuracy was estimated", "uncertainty"),
        ("15", "What became of indeterminate results", "indeterminate"),
        ("16", "What was done about missing data", "missing_data"),
        ("17", "Analyses of variability, planned or not", "variability"),
        ("18", "How the size was planned", "sample_size"),
    ),
    *_items(
        "Results",
        ("19", "Flow of participants, as a diagram", "flow"),
        ("20", "Who the participants are", "demographics"),
        ("21a", "How severe the disease was in those who have it", "severity"),
        ("21b", "What else those had who do not have it", "alternatives"),
        ("22", "Time and treatment between test and reference", "interval"),
        ("23", "Test against reference, as a table", "table"),
        ("24", "Accuracy with its precision", "accuracy"),
        ("25", "Harm done by test or reference", "harm"),
    ),
    *_items(
        "Discussion and other",
        ("26", "Limits, bias and how far it holds elsewhere", "limits"),
        ("27", "What follows for practice", "implications"),
        ("28", "Registration", "registration"),
        ("29", "Where the protocol is found", "protocol"),
        ("30", "Funding and the part of funders", "funding"),
    ),
    *_items(
        "What STARD-AI adds",
        ("AI", "Approval by an ethics committee", "ethics"),
        ("AI", "Source of the data, and how pictures were taken", "sources_and_acquisition"),
        ("AI", "Who annotated, how and with which tools", "readers"),
        ("AI", "How pictures were prepared", "recipe"),
        ("AI", "How the parts were made, and whether they are apart", "assignment"),
        ("AI", "Name and version of the system, what it takes and gives", "version"),
        ("AI", "Whether the test part stands for those it is meant for", "external"),
        ("AI", "Bias and fairness: accuracy in groups of patients", "fairness"),
        ("AI", "Interests, also commercial ones", "interests"),
        ("AI", "Whether data, code and model can be had and audited", "availability"),
    ),
)

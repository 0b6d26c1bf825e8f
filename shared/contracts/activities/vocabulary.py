"""Words that activities and others share: kinds, groups, roles, reasons."""

from typing import Literal

SessionRole = Literal["leader", "helper", "language_support", "childcare", "driver"]


CancelReason = Literal[
    "too_few_leaders", "illness", "weather", "room_unavailable", "accommodation_closing",
    "too_few_participants", "incident", "other",
]  # fmt: skip


ActivityKind = Literal[
    "language_cafe", "swedish_class", "study_circle", "homework_help", "society_information",
    "health_information", "sport", "outdoor", "walk", "gardening", "cooking", "crafts", "music",
    "theatre", "film", "games", "children_play", "parent_and_child", "youth", "girls_group",
    "women_group", "men_group", "job_preparation", "bicycle_workshop", "repair_workshop",
    "religious_holiday", "excursion", "open_house", "other",
]  # fmt: skip


Went = Literal["well", "so_so", "badly"]


MissingThing = Literal[
    "helpers", "leader", "language_support", "childcare", "participants", "materials", "room",
    "food", "transport", "information", "other",
]  # fmt: skip


TargetGroup = Literal[
    "women", "men", "girls", "boys", "parents_with_small_children", "unaccompanied_minors",
    "elderly", "people_with_disabilities", "lgbtq", "all",
]  # fmt: skip

"""Peers, in a picture."""

from collections.abc import Mapping
from typing import Any

GREEN, GREY = "#0a6b4f", "#9fb0aa"


def draw(figures: Mapping[str, Any], axes: Any) -> None:
    """Draw three charts, over the shared store."""
    start, subjects = figures["start"], figures["stores"]["shared"]
    names = ["slack-bolt", "social-auth-core", "django-allauth", "Authlib", "grant"]
    started = {
        "ours, authorize": "WhatsApp Connect, authorize",
        "ours, callback": "WhatsApp Connect, callback",
    }
    started |= {name: f"{name}, shared store" for name in names}
    _bars(axes[0], "Start, ms of CPU", {label: start[name]["cpu"]["median"] for label, name in started.items()})
    worked = {"ours": "WhatsApp Connect", "ours, equal work": "WhatsApp Connect, equal work"}
    worked |= {name: name for name in names}
    _bars(
        axes[1],
        "Callback, ms of CPU",
        {label: subjects[name]["latency"]["0"]["callback"]["cpu"]["median"] for label, name in worked.items()},
    )
    _bars(
        axes[2],
        "Two callbacks at once: codes sent",
        {label: subjects[name]["twice"]["code_sent"] for label, name in worked.items() if "equal" not in label},
        "%.2f",
    )


def _bars(axes: Any, title: str, values: Mapping[str, float], fmt: str = "%.0f") -> None:
    colors = [GREEN if label.startswith("ours") else GREY for label in values]
    axes.bar_label(axes.barh(list(values), list(values.values()), color=colors), fmt=fmt, padding=3)
    axes.invert_yaxis()
    axes.set_title(title, loc="left", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.14)

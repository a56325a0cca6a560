"""The colours, as themes: the only place in the program where a colour is written down.

Sheets in `styles/` speak of `$tokens` alone, so a theme is all that a person need change.
"""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="smtui-dark",
    dark=True,
    background="#14171c",
    surface="#191d23",
    panel="#222831",
    foreground="#cdd3da",
    primary="#7fb3c8",
    secondary="#8a93a3",
    accent="#e0b872",
    success="#93b98a",
    warning="#d9a35f",
    error="#d27b75",
    variables={
        "quiet": "#7b8492",
        "faint": "#4d5663",
        "row-cursor": "#2b3a47",
        "row-marked": "#e0b872",
        "footer-key-foreground": "#7fb3c8",
        "footer-description-foreground": "#8a93a3",
        "footer-background": "#14171c",
        "footer-item-background": "#14171c",
        "footer-key-background": "#14171c",
        "footer-description-background": "#14171c",
        "input-selection-background": "#7fb3c8 30%",
        "scrollbar": "#2b323c",
        "scrollbar-hover": "#3a434f",
        "scrollbar-active": "#7fb3c8",
        "scrollbar-background": "#14171c",
        "scrollbar-background-hover": "#14171c",
        "scrollbar-background-active": "#14171c",
        "border": "#3a434f",
        "border-blurred": "#2b323c",
    },
)

LIGHT = Theme(
    name="smtui-light",
    dark=False,
    background="#f6f4ef",
    surface="#efece5",
    panel="#e4e0d6",
    foreground="#2c3138",
    primary="#21667f",
    secondary="#5c6470",
    accent="#8f5f0b",
    success="#3d6f35",
    warning="#98590f",
    error="#a23b36",
    variables={
        "quiet": "#6a717c",
        "faint": "#aba79d",
        "row-cursor": "#d5e1e6",
        "row-marked": "#8f5f0b",
        "footer-key-foreground": "#21667f",
        "footer-description-foreground": "#5c6470",
        "footer-background": "#f6f4ef",
        "footer-item-background": "#f6f4ef",
        "footer-key-background": "#f6f4ef",
        "footer-description-background": "#f6f4ef",
        "input-selection-background": "#21667f 30%",
        "scrollbar": "#d5d0c4",
        "scrollbar-hover": "#c2bcae",
        "scrollbar-active": "#21667f",
        "scrollbar-background": "#f6f4ef",
        "scrollbar-background-hover": "#f6f4ef",
        "scrollbar-background-active": "#f6f4ef",
        "border": "#c2bcae",
        "border-blurred": "#d5d0c4",
    },
)

THEMES = (DARK, LIGHT)

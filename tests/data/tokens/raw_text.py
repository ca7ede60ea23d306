"""Any text, and more often than by chance the texts that break tokenizers."""

from hypothesis import strategies as st

TRICKY = [
    "Don't miss it: 3.5 stars!",
    "e\u0301te\u0301",  # letters with marks of their own
    "\u0301",  # a mark without a letter
    "ﬁlm ½ ㍿ ﷺ İ ẞ",  # one character that folds to several
    "ＡＢＣ１２３",  # full width
    "𝐀𝔟𐍈 𠮷野家",  # beyond the first plane
    "👨‍👩‍👧 👍🏽 🇩🇪 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️",  # emoji in several parts
    "שָׁלוֹם مرحبا بالعالم",  # right to left
    "हिन्दी में लिखा ไทย 한국어",
    "می‌خواهم co\u00adop",  # joined by invisible characters
    "今天天气很好。すごい！カタカナ",
    "\x00\x1c\u200b\ufeff\u2028",  # nothing to see
    "\u00a8\u037a ",  # folds to a space and a mark
    "[CLS] <unknown> [UNK] ▁ ## ##a",
    " \t\n\u3000\u00a0",
    "_a_ __ a-b--c '' ’tis 1,000.5.",
]

RAW_TEXTS = st.lists(st.one_of(st.text(max_size=7), st.sampled_from(TRICKY)), max_size=7).map("".join)

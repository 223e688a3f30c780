"""Goals beside what was measured: each is met, or short by so much and explained somewhere."""


class Verdicts:
    """Collects goals; `lines` has one sentence each."""

    def __init__(self):
        self.lines = []
        self.short = 0

    def at_most(self, what, value, goal, why=None):
        self._add(what, value, '<=', goal, value - goal, why)

    def at_least(self, what, value, goal, why=None):
        self._add(what, value, '>=', goal, goal - value, why)

    def between(self, what, value, least, most, why=None):
        self._add(what, value, 'in', f'{number(least)} to {number(most)}', max(least - value, value - most), why)

    def _add(self, what, value, sign, goal, excess, why):
        goal = goal if isinstance(goal, str) else number(goal)
        text = f'{what}: {number(value)} {sign} {goal}'
        # A figure that is missing has met nothing.
        if excess <= 0:
            self.lines.append(f'met    {text}')
            return
        self.short += 1
        self.lines.append(f'SHORT  {text}, by {number(excess)}' + (f'; why: {why}' if why else ''))

    def __str__(self):
        count = f'{len(self.lines) - self.short} of {len(self.lines)} goals met'
        return '\n'.join(self.lines + [count])


def number(x):
    """A number as people read it: four significant digits, no exponent."""
    if isinstance(x, int):
        return str(x)
    text = f'{x:.4g}'
    return text if 'e' not in text else f'{x:.0f}' if abs(x) >= 1 else f'{x:.6f}'


def columns(header, rows):
    """A table as text, numbers to the right; the first column to the left."""
    cells = [header] + [[c if isinstance(c, str) else number(c) for c in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = [
        '  '.join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))).rstrip()
        for row in cells
    ]
    return '\n'.join(lines)

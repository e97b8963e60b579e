"""The terminal wallboard: a program of its own, fed by the monitor's live view.

``state`` keeps the floor, ``client`` brings it in; ``layout`` says what has room, ``board`` draws it as
styled rows, from the words of ``text`` and the ``look`` of the terminal; ``screen`` writes the rows that
changed; ``program`` runs them together and ``command`` is the command line.
"""

__all__: list[str] = []

"""A spec of an imaginary maker, whose bytes share nothing with the reference profile; and how to spoil it."""

OTHER = """\
format = 1
protocol = "mbus"
title = "An imaginary maker's meter"
medium = "water"
enhanced_selection = "yes"
fabrication_number = "yes"

[match]
manufacturer = "ZZZ"
versions = ["2A"]
media = ["water"]

[timing]
response_s = 2.5
travel_s = 30
readback_every_s = 10
act_max_s = 60

[index]
vif = "13"
storage = 0
step = "0.001"

[valve.position]
vif = "FD 61"
storage = 1
values = { "0A" = "open", "14" = "closed", "1E" = "limited", "28" = "moving", "32" = "fault" }

[valve.verbs]
close = "0F 01 02"
limit = "81 10 FD 1A 07"
open = "01 FD 1A 05"

[alarms]
vif = "FD 17"
bits = { 3 = "leak", 7 = "low_battery" }

[[reads]]
telegram = "68 23 23 68 08 07 72 44332211 5A6B 2A 07 01 00 0000 0C78 01020304 0B13 563412 41FD61 14 02FD17 88 00 BB 16"
index = "123.456"
position = "closed"
alarms = ["leak", "low_battery"]

[[writes]]
verb = "close"
frame = "68 06 06 68 43 FD 51 0F 01 02 A3 16"

[[writes]]
verb = "limit"
frame = "68 08 08 68 43 FD 51 81 10 FD 1A 07 40 16"

[[writes]]
verb = "open"
frame = "68 07 07 68 43 FD 51 01 FD 1A 05 AE 16"
"""


def line_of(text: str, part: str) -> int:
    """The line, from 1, that holds `part`."""
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)

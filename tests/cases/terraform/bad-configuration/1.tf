# do: validate
# error: name must be lower case, not "HALL".
# error: size must be from 1 to 10, not 11.
# error: tags["Big"] must be lower case, not "Big".
# error: one.level must be from 0 to 9, not 10.
# error: many[1].label must have 1 to 9 characters
# error: bag[…].label must have 1 to 9 characters
# error: named["k"].level must be from 0 to 9, not -1.
# error: lamp[0].watts must be at least 1, not 0.
# error: timeouts.create must be a duration
# error: Only one of `secret`, `key_wo` can be set
# error: size     = 11

resource "probe_thing" "a" {
  name     = "HALL"
  size     = 11
  tags     = { Big = "x" }
  secret   = "long enough"
  key_wo   = "x"
  one      = { label = "x", level = 10 }
  many     = [{ label = "y" }, { label = "" }]
  bag      = [{ label = "" }]
  named    = { k = { label = "x", level = -1 } }
  timeouts = { create = "soon" }

  lamp {
    watts = 0
  }
}

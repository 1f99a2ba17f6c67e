# world: room = {"size": 2}
# state: probe_thing.b size = 2

import {
  to = probe_thing.b
  id = "room"
}

resource "probe_thing" "a" {
  name = "hall"
  size = 4
}

resource "probe_thing" "b" {
  name = "room"
  size = 2
}

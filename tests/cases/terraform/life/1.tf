# expect: probe_thing.a create
# state: probe_thing.a id = "thing-hall"
# state: probe_thing.a size = 1
# state: probe_thing.a one.level = 5
# state: probe_thing.a one.seen = 1
# state: probe_thing.a many.1.seen = 2
# state: probe_thing.a named.k.level = 7
# state: probe_thing.a named.k.seen = 3
# state: probe_thing.a bag = [{"label": "u", "level": 5, "seen": 1}, {"label": "vv", "level": 5, "seen": 2}]
# state: probe_thing.a lamp.0.state = "lit"
# state: probe_thing.a any.deep.0 = 1.5
# state: probe_thing.a serial = 1
# happened: create hall

resource "probe_thing" "a" {
  name  = "hall"
  tags  = { t = "1" }
  one   = { label = "x" }
  many  = [{ label = "y" }, { label = "zz" }]
  bag   = [{ label = "u" }, { label = "vv" }]
  named = { k = { label = "www", level = 7 } }
  any   = { deep = [1.5, "text"] }

  lamp {
    watts = 5
  }

  timeouts = {
    create = "5m"
  }
}

# expect: probe_thing.a update
# state: probe_thing.a size = 3
# state: probe_thing.a serial = 2
# state: probe_thing.a id = "thing-hall"
# state: probe_thing.a many.0.seen = 1
# state: probe_thing.a many.1.seen = 2
# state: probe_thing.a named.k.seen = 3
# state: probe_thing.a named.new.seen = 1
# state: probe_thing.a lamp.1.state = "lit"
# happened: update hall

resource "probe_thing" "a" {
  name  = "hall"
  size  = 3
  tags  = { t = "2", u = "3" }
  many  = [{ label = "new" }, { label = "y" }, { label = "zz" }]
  bag   = [{ label = "vv" }]
  named = { k = { label = "www", level = 7 }, new = { label = "n" } }
  any   = "text"

  lamp {
    watts = 5
  }

  lamp {
    watts = 6
  }
}

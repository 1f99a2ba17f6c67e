# do: taint probe_thing.a
# state: probe_thing.a tainted = true

resource "probe_thing" "a" {
  name = "hall"
}

# do: import probe_thing.b nowhere
# error: Nothing is named nowhere.
# absent: probe_thing.b

resource "probe_thing" "a" {
  name = "hall"
  size = 4
}

resource "probe_thing" "b" {
  name = "nowhere"
}

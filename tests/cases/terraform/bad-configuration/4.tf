# do: validate
# error: Forbidden name
# error: name must not be empty

resource "probe_thing" "a" {
  name = "forbidden"
}

data "probe_look" "x" {
  name = ""
}

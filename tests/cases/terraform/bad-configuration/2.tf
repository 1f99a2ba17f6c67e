# do: validate
# error: level must be from 1 to 3, not 4.

provider "probe" {
  level = 4
}

resource "probe_thing" "a" {
  name = "hall"
}

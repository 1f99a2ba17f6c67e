# do: validate
# error: Missing required argument
# error: Unsupported argument

resource "probe_thing" "a" {
  nmae = "x"
}

# state: probe_thing.a id = "thing-hall"

resource "terraform_data" "folder" {
  input = abspath("${path.root}/world")
}

provider "probe" {
  world = terraform_data.folder.output
}

resource "probe_thing" "a" {
  name = "hall"
}

locals {
  show = {
    start    = "2026-12-01T20:00:00"
    timezone = "Asia/Kuwait"
    rrule    = "FREQ=WEEKLY;BYDAY=TU,TH"
    duration = "45m"
    lead     = "45m"
  }
}

output "on_air" {
  value = provider::streaming::event_active(local.show, plantimestamp())
}

//! Plans carried out against the mock: what is made, mended, refused and counted, without Terraform.

mod cancel;
mod converge;
mod counts;
mod drift;
mod faults;
mod kill;
mod rivals;
mod site;

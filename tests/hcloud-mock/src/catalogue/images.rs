//! The system and app images and the ISOs that everybody can use.
use crate::catalogue::{Deprecation, Iso};
use crate::clock::parse_rfc3339;
use crate::resource::Base;
use crate::resource::image::{Image, ImageType};

/// One line of the table: id, name, flavour, version, architecture, disk GB, created, deprecated since.
type Row =
    (u64, &'static str, &'static str, &'static str, &'static str, f64, &'static str, Option<&'static str>);

const SYSTEM: &[Row] = &[
    (
        15_512_617,
        "ubuntu-20.04",
        "ubuntu",
        "20.04",
        "x86",
        5.0,
        "2020-04-23T17:55:14Z",
        Some("2026-05-07T08:53:36Z"),
    ),
    (
        45_557_056,
        "debian-11",
        "debian",
        "11",
        "x86",
        5.0,
        "2021-08-16T11:12:01Z",
        Some("2026-08-31T08:00:00Z"),
    ),
    (67_794_396, "ubuntu-22.04", "ubuntu", "22.04", "x86", 5.0, "2022-04-21T13:32:38Z", None),
    (103_907_373, "rocky-9", "rocky", "9", "x86", 10.0, "2023-03-22T13:41:44Z", None),
    (103_908_020, "alma-9", "alma", "9", "arm", 10.0, "2023-03-22T13:47:24Z", None),
    (103_908_070, "rocky-9", "rocky", "9", "arm", 10.0, "2023-03-22T13:47:28Z", None),
    (103_908_130, "ubuntu-22.04", "ubuntu", "22.04", "arm", 5.0, "2023-03-22T13:47:35Z", None),
    (104_105_004, "alma-9", "alma", "9", "x86", 10.0, "2023-03-23T08:52:49Z", None),
    (114_690_387, "debian-12", "debian", "12", "x86", 5.0, "2023-06-13T06:00:00Z", None),
    (114_690_389, "debian-12", "debian", "12", "arm", 5.0, "2023-06-13T06:00:00Z", None),
    (161_547_269, "ubuntu-24.04", "ubuntu", "24.04", "x86", 5.0, "2024-04-25T13:26:27Z", None),
    (161_547_270, "ubuntu-24.04", "ubuntu", "24.04", "arm", 5.0, "2024-04-25T13:26:51Z", None),
    (238_226_681, "opensuse-15", "opensuse", "15", "x86", 5.0, "2025-04-16T10:30:12Z", None),
    (268_190_031, "centos-stream-10", "centos", "stream10", "x86", 5.0, "2025-06-24T11:12:51Z", None),
    (310_557_660, "debian-13", "debian", "13", "x86", 5.0, "2025-08-11T09:30:00Z", None),
    (310_557_661, "debian-13", "debian", "13", "arm", 5.0, "2025-08-11T09:30:00Z", None),
    (339_122_301, "fedora-43", "fedora", "43", "x86", 5.0, "2025-11-03T09:00:00Z", None),
    (339_122_302, "fedora-43", "fedora", "43", "arm", 5.0, "2025-11-03T09:00:00Z", None),
    (379_204_511, "ubuntu-26.04", "ubuntu", "26.04", "x86", 5.0, "2026-04-23T14:00:00Z", None),
    (379_204_512, "ubuntu-26.04", "ubuntu", "26.04", "arm", 5.0, "2026-04-23T14:00:00Z", None),
];

/// One line of the table: id, name, description.
const APPS: &[(u64, &str, &str)] = &[
    (40_093_247, "docker-ce", "Docker CE"),
    (40_093_140, "lamp", "LAMP"),
    (40_093_148, "wordpress", "WordPress"),
];

/// All system and app images, by id.
pub fn images() -> Vec<Image> {
    let mut images: Vec<Image> = SYSTEM.iter().map(system).collect();
    images.extend(APPS.iter().map(|(id, name, description)| Image {
        image_type: ImageType::App,
        description: (*description).to_owned(),
        ..system(&(*id, name, "ubuntu", "24.04", "x86", 5.0, "2021-06-14T08:00:00Z", None))
    }));
    images.sort_by_key(|i| i.base.id);
    images
}

fn system(row: &Row) -> Image {
    let (id, name, flavour, version, architecture, disk_gb, created, deprecated) = *row;
    let mut title = flavour.to_owned();
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let created = parse_rfc3339(created).unwrap_or_default();
    Image {
        base: Base { id, name: name.to_owned(), labels: Default::default(), created },
        image_type: ImageType::System,
        status: "available".to_owned(),
        description: format!("{title} {version}"),
        image_gb: None,
        disk_gb,
        created_from: None,
        bound_to: None,
        os_flavor: flavour.to_owned(),
        os_version: Some(version.to_owned()),
        rapid_deploy: true,
        protected: false,
        deprecated: deprecated.map(str::to_owned),
        deleted: None,
        architecture: architecture.to_owned(),
    }
}

/// All ISOs, by id.
pub fn isos() -> Vec<Iso> {
    let iso =
        |id, name, description, architecture| Iso { id, name, description, architecture, deprecation: None };
    let mut isos = vec![
        iso(26, "virtio-win-0.1.271.iso", "virtio 0.1.271", None),
        iso(8_637, "debian-11.3.0-amd64-netinst.iso", "Debian 11.3 (amd64/netinstall)", Some("x86")),
        iso(122_630, "debian-13.1.0-amd64-netinst.iso", "Debian 13.1 (amd64/netinstall)", Some("x86")),
        iso(122_631, "debian-13.1.0-arm64-netinst.iso", "Debian 13.1 (arm64/netinstall)", Some("arm")),
        iso(124_001, "FreeBSD-15.0-RELEASE-amd64-dvd1.iso", "FreeBSD 15.0 (amd64)", Some("x86")),
        iso(124_002, "ubuntu-24.04.3-live-server-amd64.iso", "Ubuntu 24.04 (amd64/live-server)", Some("x86")),
    ];
    if let Some(old) = isos.iter_mut().find(|i| i.id == 8_637) {
        old.deprecation = Some(Deprecation {
            announced: "2026-09-01T00:00:00Z".to_owned(),
            unavailable_after: "2026-12-01T00:00:00Z".to_owned(),
        });
    }
    isos
}

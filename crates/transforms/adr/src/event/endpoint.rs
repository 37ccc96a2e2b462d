//! `src_endpoint` and `device`.

use super::Job;
use crate::homes::{self, Home};
use crate::json::{Kind, Name as N};
use crate::table::Shape;

impl Job<'_> {
    /// Writes `src_endpoint`, if the class has one and the event names it.
    pub(super) fn endpoint(&mut self) -> bool {
        if !self.class.endpoint {
            return false;
        }
        let of_device = self.is_shape(Shape::DeviceLogon);
        let ip = if of_device { &homes::DEVICE_SRC_IP } else { &homes::SRC_IP };
        let client = self.leaf(&homes::SRC_IP);
        let has_ip = self.leaf(ip).is_some() || client.is_some();
        if !has_ip && !self.any(&homes::SRC_HOST) {
            return false;
        }
        self.open("src_endpoint");
        match (self.put(ip), client) {
            (Some(_), Some(client)) if of_device => {
                self.key("intermediate_ips");
                self.out.push(b'[');
                self.out.extend_from_slice(self.tape.raw(self.text, client));
                self.out.push(b']');
            }
            (None, Some(client)) => self.copy("ip", client),
            _ => {}
        }
        self.put_all(&homes::SRC_HOST);
        self.location();
        self.os();
        if self.any(&homes::SRC_AS) {
            self.open("autonomous_system");
            self.put_all(&homes::SRC_AS);
            self.close();
        }
        self.close();
        true
    }

    fn location(&mut self) {
        let old_country = self.string(&[N::Geoip, N::CountryCode2]);
        if old_country.is_none() && !self.any(&homes::SRC_PLACE) {
            return;
        }
        self.open("location");
        let [country, more @ ..] = &homes::SRC_PLACE;
        if let (None, Some(old)) = (self.put(country), old_country) {
            self.copy(country.key, old);
        }
        self.put_all(more);
        self.put_all(&homes::SRC_PLACE_MORE);
        for home in &homes::SRC_PLACE_POINT {
            if self.put(home).is_none() {
                self.whole_degrees(home);
            }
        }
        self.close();
    }

    /// A coordinate written as a whole number: OCSF wants a float, so this is a copy.
    fn whole_degrees(&mut self, home: &Home) {
        let Some(leaf) = self.find(home.source) else { return };
        let written = self.tape.raw(self.text, leaf);
        if self.tape.node(leaf).kind == Kind::Number && written.len() <= 4 && !written.contains(&b'.') {
            if written.iter().any(|byte| matches!(byte, b'e' | b'E')) {
                return;
            }
            self.copy(home.key, leaf);
            self.out.extend_from_slice(b".0");
        }
    }

    fn os(&mut self) {
        let [name, version] = &homes::SRC_OS;
        let other = self.string(&[N::UserAgent, N::OsName]);
        let Some(leaf) = self.leaf(name).or(other) else { return };
        self.open("os");
        if self.put(name).is_none() {
            self.copy(name.key, leaf);
        }
        if self.put(version).is_none()
            && let Some(other) = self.string(&[N::UserAgent, N::OsVersion])
        {
            self.copy(version.key, other);
        }
        self.number("type_id", os_type(self.tape.inside(self.text, leaf)));
        self.close();
    }

    /// Writes `device` by the host profile.
    pub(super) fn device(&mut self, homes: &[Home], consume: bool) {
        if !self.any(homes) {
            return;
        }
        self.profiles.host = true;
        self.open("device");
        if consume {
            self.put_all(homes);
        } else {
            for home in homes {
                if let Some(leaf) = self.leaf(home) {
                    self.copy(home.key, leaf);
                }
            }
        }
        self.number("type_id", 0);
        self.close();
    }
}

/// OCSF's number of an operating system, by the name that JumpCloud's user agents have.
fn os_type(name: &[u8]) -> i64 {
    match name {
        b"Windows" => 100,
        b"Mac OS X" | b"macOS" | b"Mac OS" => 300,
        b"iOS" => 301,
        b"iPadOS" => 302,
        b"Android" => 201,
        b"Linux" | b"Ubuntu" | b"Fedora" | b"Debian" | b"CentOS" | b"Red Hat" | b"Arch Linux" | b"Linux Mint" => 200,
        b"Windows Phone" | b"Windows Mobile" => 101,
        b"Other" => 0,
        _ => 99,
    }
}

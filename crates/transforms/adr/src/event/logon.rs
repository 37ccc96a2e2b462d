//! Authentication (3002).

use super::{Job, Missing};
use crate::homes;
use crate::json::{Kind, Name as N};
use crate::labels::Label;

/// JumpCloud's names of authentication methods, with OCSF's numbers and captions.
const FACTORS: &[(&str, i64, &str)] = &[
    ("password", 11, "Password"),
    ("totp", 7, "OTP"),
    ("webauthn", 10, "WebAuthn"),
    ("duo", 5, "Push Notification"),
    ("push", 5, "Push Notification"),
    ("jumpcloud_protect", 5, "Push Notification"),
];

/// Windows' logon types, as OCSF names them.
const LOGON_TYPES: &[(i64, &str)] = &[
    (0, "Unknown"),
    (1, "System"),
    (2, "Interactive"),
    (3, "Network"),
    (4, "Batch"),
    (5, "OS Service"),
    (7, "Unlock"),
    (8, "Network Cleartext"),
    (9, "New Credentials"),
    (10, "Remote Interactive"),
    (11, "Cached Interactive"),
    (12, "Cached Remote Interactive"),
    (13, "Cached Unlock"),
];

impl Job<'_> {
    /// A login to one of JumpCloud's portals.
    pub(super) fn portal(&mut self, service: &str) -> Result<(), Missing> {
        self.own_user()?;
        self.named_service(service);
        self.factors();
        Ok(())
    }

    /// Single sign-on to an application.
    pub(super) fn sso(&mut self) -> Result<(), Missing> {
        let [uid, name] = &homes::SSO_SERVICE;
        let other = self.string(&[N::Application, N::Name]);
        if other.is_none() && !self.any(&homes::SSO_SERVICE) {
            return Err(Missing);
        }
        self.own_user()?;
        self.open("service");
        self.put(uid);
        if let (None, Some(other)) = (self.put(name), other) {
            self.copy(name.key, other);
        }
        self.close();
        match self.inside(&[N::Application, N::SsoType]) {
            Some(b"saml") => self.protocol(5, "SAML"),
            Some(b"oidc" | b"openid") => self.protocol(4, "OpenID"),
            _ => {}
        }
        self.factors();
        Ok(())
    }

    pub(super) fn radius(&mut self, service: &str) -> Result<(), Missing> {
        if let Some(name) = self.leaf(&homes::RADIUS_USER[0]) {
            let initiator = self.text_in(N::InitiatedBy, N::Username);
            let same = initiator.is_some_and(|other| super::value::same_text(self.tape, self.text, name, other));
            self.open("user");
            self.put_all(&homes::RADIUS_USER);
            if same && let Some(uid) = self.text_in(N::InitiatedBy, N::Id) {
                self.copy("uid", uid);
            }
            self.close();
        } else {
            self.user_from_actor()?;
        }
        self.named_service(service);
        self.protocol(10, "RADIUS");
        self.factors();
        Ok(())
    }

    pub(super) fn ldap_bind(&mut self, service: &str) -> Result<(), Missing> {
        self.open("user");
        let dn = self.leaf(&homes::LDAP_DN);
        match (self.put(&homes::LDAP_USER), dn) {
            (Some(_), _) => {}
            (None, Some(dn)) => self.copy("name", dn),
            (None, None) => {
                self.label(Label::UserAnonymous);
                self.word("name", "anonymous");
            }
        }
        if dn.is_some() {
            self.open("ldap_person");
            self.put(&homes::LDAP_DN);
            self.close();
        }
        self.close();
        self.named_service(service);
        self.protocol(12, "LDAP");
        let (start_tls, tls) = (self.bool(&[N::StartTls]), self.bool(&[N::TlsEstablished]));
        if let (Some(mech), Some(start_tls), Some(tls)) = (self.inside(&[N::Mech]), start_tls, tls) {
            let clear = mech.eq_ignore_ascii_case(b"simple") && !start_tls && !tls;
            self.flag("is_cleartext", clear);
        }
        self.factors();
        Ok(())
    }

    /// A login to an application of somebody else's, which JumpCloud saw.
    pub(super) fn saas_logon(&mut self) -> Result<(), Missing> {
        let [uid, name] = &homes::SAAS_SERVICE;
        let catalog = self.string(&[N::CatalogAppId]);
        if catalog.is_none() && !self.any(&homes::SAAS_SERVICE) {
            return Err(Missing);
        }
        self.saas_user()?;
        self.open("service");
        self.put(uid);
        if let (None, Some(catalog)) = (self.put(name), catalog) {
            self.copy(name.key, catalog);
        }
        self.close();
        self.factors();
        Ok(())
    }

    /// An account in an application of somebody else's.
    pub(super) fn saas_user(&mut self) -> Result<(), Missing> {
        let [uid, name] = &homes::SAAS_USER;
        let login = self.string(&[N::LoginIdentifier]);
        if login.is_none() && !self.any(&homes::SAAS_USER) {
            return self.user_from_actor();
        }
        self.open("user");
        self.put(uid);
        if let (None, Some(login)) = (self.put(name), login) {
            self.copy(name.key, login);
        }
        self.close();
        Ok(())
    }

    /// A login to a device.
    pub(super) fn device_logon(&mut self) -> Result<(), Missing> {
        let on_device = self.any(&homes::DEVICE_DST);
        if !on_device && self.leaf(&homes::DEVICE_SERVICE).is_none() {
            return Err(Missing);
        }
        if self.any(&homes::DEVICE_USER) {
            self.open("user");
            self.put_all(&homes::DEVICE_USER);
            self.close();
        } else {
            self.user_from_actor()?;
        }
        if on_device {
            self.open("dst_endpoint");
            self.put_all(&homes::DEVICE_DST);
            self.close();
            self.device(&homes::DEVICE, false);
        }
        if self.leaf(&homes::DEVICE_SERVICE).is_some() {
            self.open("service");
            self.put(&homes::DEVICE_SERVICE);
            self.close();
        }
        self.logon_type();
        self.factors();
        Ok(())
    }

    /// The user who logs in is the initiator; in old events the resource, or a bare username.
    fn own_user(&mut self) -> Result<(), Missing> {
        if self.is_user(N::InitiatedBy) {
            self.copy_user(N::InitiatedBy);
        } else if self.is_user(N::Resource) {
            self.copy_user(N::Resource);
        } else {
            let name = self.string(&[N::Username]).ok_or(Missing)?;
            self.open("user");
            self.copy("name", name);
            self.close();
        }
        Ok(())
    }

    fn named_service(&mut self, name: &str) {
        self.open("service");
        self.word("name", name);
        self.close();
    }

    fn protocol(&mut self, id: i64, name: &str) {
        self.number("auth_protocol_id", id);
        self.word("auth_protocol", name);
    }

    fn logon_type(&mut self) {
        let Some(leaf) = self.find(&[N::WindowsMeta, N::LogonType]) else { return };
        let written = match self.tape.node(leaf).kind {
            Kind::String => self.tape.inside(self.text, leaf),
            Kind::Number => self.tape.raw(self.text, leaf),
            _ => return,
        };
        let number = super::value::parse::<i64>(written);
        if let Some((id, caption)) = LOGON_TYPES.iter().find(|(id, _)| Some(*id) == number) {
            self.number("logon_type_id", *id);
            self.word("logon_type", caption);
        }
    }

    /// Writes `is_mfa`, and `auth_factors`: only methods that succeeded.
    fn factors(&mut self) {
        self.put(&homes::IS_MFA);
        let methods =
            self.find(&[N::AuthContext, N::AuthMethods]).or_else(|| self.find(&[N::AuthMeta, N::AuthMethods]));
        let Some(methods) = methods.filter(|at| self.tape.node(*at).kind == Kind::Object) else { return };
        let start = self.out.len();
        self.key("auth_factors");
        self.out.push(b'[');
        let inside = self.out.len();
        let mut method = methods + 1;
        while method < self.tape.node(methods).next {
            let success = self.tape.member(method, N::Success).map(|at| self.tape.node(at).kind);
            if success == Some(Kind::True) {
                self.factor(method, inside);
            }
            method = self.tape.node(method).next;
        }
        if self.out.len() == inside {
            self.out.truncate(start);
        } else {
            self.out.push(b']');
        }
    }

    fn factor(&mut self, method: u32, inside: usize) {
        let key = self.tape.key_of(self.text, method);
        let known = FACTORS.iter().find(|(name, ..)| name.as_bytes() == key);
        if self.out.len() > inside {
            self.out.push(b',');
        }
        self.out.push(b'{');
        match known {
            Some((_, id, caption)) => {
                self.number("factor_type_id", *id);
                self.word("factor_type", caption);
                if key == b"totp" {
                    self.flag("is_totp", true);
                }
            }
            None if key.is_empty() || key == b"Other" || key.contains(&b'\\') => self.number("factor_type_id", 0),
            None => {
                self.number("factor_type_id", 99);
                self.key("factor_type");
                self.out.push(b'"');
                self.out.extend_from_slice(key);
                self.out.push(b'"');
            }
        }
        self.out.push(b'}');
    }
}

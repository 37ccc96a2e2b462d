//! `device`: what the Add-On Store does, on the command line.

use std::io::{self, IsTerminal, Read};
use std::sync::Arc;

use adr_console::{Change, Form};
use adr_core::{Clock, SecretRef, SecretString, Secrets, Timestamp};
use serde_json::json;
use zeroize::Zeroizing;

use crate::args::{Add, Device, Devices, Key, List};
use crate::clock::SystemClock;
use crate::columns::columns;
use crate::devices::Site;
use crate::exit::{Exit, Outcome, Stop};
use crate::out::{answer, tell};
use crate::secrets::SecretReader;

/// Does what was asked of one device, or lists all.
pub(super) fn device(args: &Device) -> Outcome {
    match args {
        Device::Add(args) => change(&args.devices, Change::Add(form(args)?)),
        Device::List(args) => list(args),
        Device::Test(args) => change(&args.devices, Change::Test(args.id.clone())),
        Device::Pause(args) => change(&args.devices, Change::Pause(args.id.clone())),
        Device::Resume(args) => change(&args.devices, Change::Resume(args.id.clone())),
        Device::Remove(args) => change(&args.devices, Change::Remove(args.id.clone())),
        Device::RotateKey(args) => {
            let (id, secret, expires) = (args.one.id.clone(), key(&args.key, KEY)?, args.key_expires.clone());
            change(&args.one.devices, Change::RotateKey { id, secret, expires })
        }
    }
}

fn change(devices: &Devices, change: Change) -> Outcome {
    let site = Arc::new(super::site(devices)?);
    let done = super::on_one_thread(site.change(&who(), change))?;
    match done {
        Ok(done) => answer(&format!("{}: {}\n", done.id, done.message)),
        Err(refused) => Err(Stop::new(Exit::of(refused.kind), refused.message)),
    }
}

/// Who asks: the audit log keeps it.
pub(super) fn who() -> String {
    format!("uid {} on the command line", rustix::process::getuid().as_raw())
}

fn form(args: &Add) -> Result<Form, Stop> {
    let configuration = match &args.org_id {
        Some(org_id) => json!({ "org_id": org_id }).to_string(),
        None => args.configuration.clone(),
    };
    Ok(Form {
        device_name: args.device_name.clone(),
        cce_ip: args.cce_ip.clone(),
        access_id: args.access_id.clone(),
        secret_key: key(&args.key, KEY)?,
        configuration,
        region: args.region.clone(),
        base_url: args.base_url.clone(),
        key_expires: args.key_expires.clone(),
        provider: args.provider,
        include: args.include.clone(),
        exclude: args.exclude.clone(),
    })
}

/// What the form calls a key.
const KEY: &str = "Password / Secret Key";

/// A secret: from where the flags say, else asked for.
pub(super) fn key(args: &Key, what: &str) -> Result<SecretString, Stop> {
    if args.secret_key.is_some() {
        let message = "a key on the command line can be read by everybody on this machine: leave it out and it is asked for, or \
                       use --secret-key-file or --secret-key-env";
        return Err(Stop::new(Exit::Usage, message));
    }
    let reader = SecretReader::default();
    if let Some(path) = &args.secret_key_file {
        return Ok(reader.resolve(&SecretRef::File(path.clone()))?);
    }
    if let Some(name) = &args.secret_key_env {
        return Ok(reader.resolve(&SecretRef::Env(name.clone()))?);
    }
    let unread = |error: io::Error| Stop::new(Exit::Usage, format!("the key cannot be read: {error}"));
    let secret = if io::stdin().is_terminal() {
        Zeroizing::new(rpassword::prompt_password(format!("{what} (not shown): ")).map_err(unread)?)
    } else {
        let mut text = Zeroizing::new(String::new());
        io::stdin().lock().take(64 << 10).read_to_string(&mut text).map_err(unread)?;
        text
    };
    let secret = SecretString::from(secret.trim());
    adr_telemetry::register(&secret);
    Ok(secret)
}

fn list(args: &List) -> Outcome {
    let site = super::site(&args.devices)?;
    let contents = site.folder().read()?;
    if args.json {
        let devices: Vec<_> = contents.devices.iter().map(|device| in_json(&site, device)).collect();
        let problems: Vec<String> = contents.problems.iter().map(ToString::to_string).collect();
        return answer(&format!("{:#}\n", json!({ "devices": devices, "problems": problems })));
    }
    let now = SystemClock.now();
    let mut rows = vec![["id", "device", "cce", "organization", "key age", "key ends", ""].map(str::to_owned)];
    for device in &contents.devices {
        let days = |from: Timestamp, to: Timestamp| format!("{} d", to.since(from).as_secs() / 86_400);
        rows.push([
            device.id.clone(),
            device.device_name.clone(),
            device.cce_ip.clone().unwrap_or_else(|| "-".to_owned()),
            match (&device.configuration.org_id, &device.provider) {
                (Some(org_id), _) => org_id.clone(),
                (None, Some(_)) => "all of a provider".to_owned(),
                (None, None) => "-".to_owned(),
            },
            device.key.added.map_or_else(|| "-".to_owned(), |added| days(added, now)),
            device
                .key
                .expires
                .map_or_else(|| "-".to_owned(), |end| if end <= now { "ended".to_owned() } else { days(now, end) }),
            if device.paused { "paused".to_owned() } else { String::new() },
        ]);
    }
    for problem in &contents.problems {
        tell(&format!("{}: {problem}", if problem.refused { "error" } else { "warning" }));
    }
    if contents.devices.is_empty() {
        return answer("no device yet: jumpcloud-adr device add\n");
    }
    answer(&columns(&rows, 7))
}

fn in_json(site: &Site, device: &adr_devices::Device) -> serde_json::Value {
    let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
    json!({
        "id": device.id,
        "device_name": device.device_name,
        "cce_ip": device.cce_ip,
        "access_id": device.access_id,
        "secret_key": site.folder().secret_ref(device).to_string(),
        "org_id": device.configuration.org_id,
        "provider": device.provider.is_some(),
        "region": device.region,
        "base_url": device.base_url,
        "key_added": text(device.key.added),
        "key_expires": text(device.key.expires),
        "paused": device.paused,
    })
}

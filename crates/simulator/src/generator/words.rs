//! Ready-made JSON texts that fill slots. Where one stands more often than another, it is drawn more often.

pub(super) const USERAGENTS: &[&str] = &[
    r#"{"os":"Windows","name":"Chrome","major":"126","minor":"0","patch":"0","device":"Other","os_full":"Windows 10","os_name":"Windows","version":"126.0.0.0","os_major":"10","os_version":"10"}"#,
    r#"{"os":"Mac OS X","name":"Chrome","major":"125","minor":"0","patch":"0","device":"Mac","os_full":"Mac OS X 10.15.7","os_name":"Mac OS X","version":"125.0.0.0","os_major":"10","os_minor":"15","os_patch":"7","os_version":"10.15.7"}"#,
    r#"{"os":"Mac OS X","name":"Safari","major":"17","minor":"4","patch":"1","device":"Mac","os_full":"Mac OS X 10.15.7","os_name":"Mac OS X","version":"17.4.1","os_major":"10","os_minor":"15","os_patch":"7","os_version":"10.15.7"}"#,
    r#"{"os":"Fedora","name":"Firefox","major":"127","minor":"0","build":"","device":"Other","os_name":"Fedora"}"#,
    r#"{"os":"iOS","name":"Mobile Safari","major":"17","minor":"5","device":"iPhone","os_full":"iOS 17.5","os_name":"iOS","version":"17.5","os_major":"17","os_minor":"5","os_version":"17.5"}"#,
    r#"{"os":"Windows","name":"Edge","major":"125","minor":"0","patch":"2535","device":"Other","os_full":"Windows 10","os_name":"Windows","version":"125.0.2535.92","os_major":"10","os_version":"10"}"#,
    r#"{"os":"Other","name":"python-requests","major":"2","minor":"32","device":"Other","build":"","os_name":"Other"}"#,
];

pub(super) const AUTH_METHODS: &[&str] = &[
    r#"{"password":{"success":true},"totp":{"success":true}}"#,
    r#"{"password":{"success":true},"jumpcloud_protect":{"success":true}}"#,
    r#"{"password":{"success":true},"webauthn":{"success":false},"totp":{"success":true}}"#,
    r#"{"jumpcloud_go":{"success":true,"key_protection":"HARDWARE","user_verification":"BIOMETRIC"}}"#,
    r#"{"password":{"success":true}}"#,
    "{}",
];

pub(super) const AUTH_METHOD: &[&str] = &["session", "session", "session", "api key", "other"];
pub(super) const MFA_TYPES: &[&str] = &["none", "totp", "webauthn", "duo", "", "push"];
pub(super) const LDAP_METHODS: &[&str] = &["simple", "simple", "simple", "sasl", "anonymous"];
pub(super) const EAP: &[&str] = &["MSCHAPv2", "MSCHAPv2", "GTC", "TLS"];
pub(super) const EAP_OUTER: &[&str] = &["\"PEAP\"", "\"PEAP\"", "\"TTLS\"", "null"];
pub(super) const PROCESSES: &[&str] = &["sshd", "loginwindow", "screensaver", "winlogon", "gdm-password", "sudo", ""];
pub(super) const LOGON_TYPES: &[&str] = &["2", "3", "5", "7", "10", "11"];
pub(super) const GROUPS: &[&str] = &[
    "Engineering",
    "All Employees",
    "Finance",
    "Contractors",
    "VPN Users",
    "Vertrieb M\u{fc}nchen",
    "\u{958b}\u{767a}",
    "QA/Test",
];
pub(super) const ALERT_SEVERITIES: &[&str] = &["Low", "Medium", "High", "Critical"];
pub(super) const ALERT_STATUSES: &[&str] = &["Acknowledged", "Resolved", "Open", "Suppressed"];

/// What fails, with its message.
pub(super) const ERRORS: &[&str] = &[
    "Invalid username or password",
    "User account is locked",
    "MFA \\\"totp\\\" verification failed",
    "Denied by conditional access policy",
    "Password expired",
];
pub(super) const RADIUS_ERRORS: &[&str] = &[
    "mschap: MS-CHAP2-Response is incorrect",
    "pap: Crypt digest does not match \\\"known good\\\" digest",
    "eap_peap: the session was rejected before",
];

pub(super) const ASSOCIATIONS: &[(&str, &str)] = &[
    ("user_group", "user"),
    ("user_group", "user"),
    ("user_group", "application"),
    ("user", "system"),
    ("system_group", "system"),
    ("user_group", "radius_server"),
    ("user", "application"),
    ("policy", "system_group"),
    ("user_group", "user_group"),
    ("command", "system"),
];

/// Name, identifier, publisher.
pub(super) const SOFTWARE: &[(&str, &str, &str)] = &[
    ("Google Chrome", "chrome", "Google LLC"),
    ("zoom.us", "zoom", "Zoom Video Communications, Inc."),
    ("Visual Studio Code", "vscode", "Microsoft Corporation"),
    ("Firefox", "firefox", "Mozilla"),
    ("1Password", "onepassword", "AgileBits Inc."),
    ("Docker Desktop", "docker", "Docker Inc."),
    ("7-Zip 24.07 (x64)", "sevenzip", "Igor Pavlov"),
    ("Slack", "slack", "Slack Technologies"),
];

/// Changes as they come: from and to of any type, or absent.
pub(super) const CHANGES: &[&str] = &[
    r#"{"field":"active","to":true}"#,
    r#"{"field":"lastname","from":"Petrov","to":"Petrova"}"#,
    r#"{"field":"mfa.exclusion","from":null,"to":false}"#,
    r#"{"field":"password_expiration_days","from":90,"to":180}"#,
    r#"{"field":"emails","to":[{"primary":true,"type":"work","value":"w.novak@example.com"}]}"#,
    r#"{"field":"schemas","to":["urn:ietf:params:scim:schemas:core:2.0:User"]}"#,
    r#"{"field":"attributes","from":[],"to":[{"name":"badge","value":"0042"}]}"#,
    r#"{"field":"address","from":{"city":"Lyon","zip":"69001"},"to":{"city":"Paris","zip":"75001"}}"#,
    r#"{"field":"suspended","from":false,"to":true}"#,
    r#"{"field":"jobTitle","from":"","to":"Analyst \"L2\""}"#,
    r#"{"field":"quota","from":1.5,"to":2.25}"#,
];

/// MDM requests with what their results carry.
pub(super) const MDM: &[(&str, &str)] = &[
    (
        "DeviceInformation",
        r#","query_responses":{"BuildVersion":"23G93","DeviceName":"Example Mac","IsSupervised":true,"ModelName":"MacBook Pro","OSVersion":"14.6.1","ProductName":"MacBookPro18,3","AvailableDeviceCapacity":214.5,"BatteryLevel":0.87,"AwaitingConfiguration":false,"IsActivationLockEnabled":false,"WiFiMAC":"00:00:5e:00:53:01","iTunesStoreAccountIsActive":null}"#,
    ),
    (
        "SecurityInfo",
        r#","security_info":{"FDE_Enabled":true,"FDE_HasInstitutionalRecoveryKey":false,"FDE_HasPersonalRecoveryKey":true,"FirewallSettings":{"Applications":[],"BlockAllIncoming":false,"FirewallEnabled":true,"StealthMode":false},"SecureBoot":{"ExternalBootLevel":"disallowed","SecureBootLevel":"full"},"SystemIntegrityProtectionEnabled":true}"#,
    ),
    ("InstallProfile", ""),
    ("RemoveProfile", ""),
    (
        "ProfileList",
        r#","profile_list":[{"payload_identifier":"com.example.mdm","payload_display_name":"MDM","payload_verion":1,"payload_removal_disallowed":true,"is_encrypted":false,"payload_content":[{"payload_type":"com.apple.mdm","payload_identifier":"com.example.mdm.1","payload_verion":1}]}]"#,
    ),
    (
        "InstalledApplicationList",
        r#","installed_application_list":[{"name":"Safari","identifier":"com.example.safari","version":"17.6","bundle_size":11534336},{"name":"Notes","identifier":"com.example.notes","version":"4.11","bundle_size":53870592}]"#,
    ),
    ("RestartDevice", ""),
];

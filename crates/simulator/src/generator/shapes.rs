//! What each family of events looks like. `<name>` is a slot; see `slots.rs`. Shapes, quirks and spelling follow
//! what was documented and observed (mixed names for the user agent, `payload_verion`, absent `success`, ...).

/// How many fraction digits a family's timestamps have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precision {
    /// None.
    Seconds,
    /// Three.
    Millis,
    /// Up to nine, without trailing zeros.
    Nanos,
}

use Precision::{Millis, Nanos, Seconds};

pub(super) const SHAPES: &[(&str, Precision, &str)] = &[
    (
        "admin_login",
        Millis,
        r#"{"geoip":<geoip>,"useragent":<useragent>,"mfa":<mfa>,"mfa_meta":{"type":"<mfa_type>"},"event_type":"<event_type>","provider":null,"service":"<service>","organization":"<org>","@version":"1","client_ip":"<ip>","auth_method":"<auth_method>","id":"<id>",<outcome>"initiated_by":{"id":"<admin.id>","type":"admin","email":"<admin.email>"},"resource":{"id":"<admin.id>","type":"admin","email":"<admin.email>"},"timestamp":"<timestamp>"}"#,
    ),
    (
        "user_login",
        Millis,
        r#"{"initiated_by":{"id":"<user.id>","type":"user","username":"<user.name>"},"geoip":<geoip>,"useragent":<useragent>,"mfa":<mfa>,"mfa_meta":{"type":"<mfa_type>"},"event_type":"<event_type>",<provider>"service":"<service>",<outcome>"organization":"<org>","@version":"1","client_ip":"<ip>","auth_method":"<auth_method>","auth_context":{"auth_methods":<auth_methods>,"system":{"id":"<system.id>","os":"<system.os>","version":"<system.version>","hostname":"<system.host>","displayName":"<system.host>"},"policies_applied":[{"id":"<policy.id>","name":"<policy.name>","metadata":{"action":"ALLOW","resource_type":"USER_PORTAL"}}]},"id":"<id>","resource":{"id":"<user.id>","type":"user","username":"<user.name>"},"timestamp":"<timestamp>"}"#,
    ),
    (
        "sso",
        Nanos,
        r#"{"id":"<id>","mfa":<mfa>,"geoip":<geoip>,"service":"<service>","@version":"1","provider":"","client_ip":"<ip>","timestamp":"<timestamp>","useragent":<useragent>,"event_type":"<event_type>","application":{"id":"<app.id>","name":"<app.name>","sso_url":"https://sso.example.com/saml2/<app.name>","sso_type":"<app.type>","display_label":"<app.label>"},"auth_context":{"system":{"id":"<system.id>","os":"<system.os>","version":"<system.version>","hostname":"<system.host>","displayName":"<system.host>"},"auth_methods":<auth_methods>,"policies_applied":[{"id":"<policy.id>","name":"<policy.name>","metadata":{"action":"ALLOW","resource_type":"APPLICATION"}}]},"initiated_by":{"id":"<user.id>","type":"user","username":"<user.name>"},"jc_initiated_by_email":"<user.email>","organization":"<org>",<sso_outcome>,"idp_initiated":<bool>}"#,
    ),
    (
        "system_login",
        Millis,
        r#"{"event_type":"<event_type>","service":"<service>","message":"User <user.name> logged in from <src_ip>, process name: <process>","process_name":"<process>","username":"<user.name>","src_ip":"<src_ip>","client_ip":"<ip>","system":{"id":"<system.id>","hostname":"<system.host>","displayName":"<system.host>"},"system_timestamp":"<local_time>","resource":{"id":"<user.id>","type":"user","username":"<user.name>"},"initiated_by":{"id":"<user.id>","type":"user","username":"<user.name>"},"windows_meta":{"elevated":<bool>,"logon_type":"<logon_type>"},"geoip":<geoip>,<outcome><provider>"organization":"<org>","@version":"1","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "system_user",
        Millis,
        r#"{"event_type":"<event_type>","service":"<service>","message":"<event_type> of <user.name>","username":"<user.name>","client_ip":"<ip>","system":{"id":"<system.id>","hostname":"<system.host>","displayName":"<system.host>"},"changes":<system_changes>,"resource":{"id":"<user.id>","type":"user","username":"<user.name>"},"initiated_by":{"id":"<user.id>","type":"user","username":"<user.name>"},"geoip":<geoip>,<outcome>"organization":"<org>","@version":"1","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "system",
        Millis,
        r#"{"event_type":"<event_type>","service":"<service>","client_ip":"<ip>","system":{"id":"<system.id>","hostname":"<system.host>","displayName":"<system.host>","os":"<system.os>","version":"<system.version>","serial_number":"<serial>"},"changes":<system_changes>,"resource":{"id":"<system.id>","type":"system","hostname":"<system.host>"},"initiated_by":{"id":"<admin.id>","type":"admin","email":"<admin.email>"},"geoip":<geoip>,"useragent":<useragent>,<outcome>"organization":"<org>","@version":"1","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "policy_result",
        Millis,
        r#"{"event_type":"<event_type>","service":"<service>","client_ip":"<ip>","system":{"id":"<system.id>","hostname":"<system.host>","displayName":"<system.host>","os":"<system.os>","version":"<system.version>"},"policy":{"id":"<policy.id>","name":"<policy.name>","template":{"name":"password_policy_<number>","id":"<oid>"}},"state":"success","exit_status":<small>,"detail":"<policy.name> was applied to <system.host>; <number> settings compared, <small> changed","started_at":"<local_time>","ended_at":"<local_time>","std_out":"Applied <policy.name>\nRead <number> keys of /Library/Managed Preferences/com.example.agent.plist\nNothing more to do\n","std_err":"","resource":{"id":"<system.id>","type":"system"},"initiated_by":{"id":"<system.id>","type":"system"},<outcome>"organization":"<org>","@version":"1","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "command_result",
        Millis,
        r#"{"event_type":"<event_type>","service":"<service>","client_ip":"<ip>","system":{"id":"<system.id>","hostname":"<system.host>","displayName":"<system.host>"},"command":{"id":"<oid>","name":"Collect diagnostics <number>","type":"linux","sudo":<bool>},"exit_code":<small>,"request_time":"<local_time>","response_time":"<local_time>","output":"total <number>\ndrwxr-xr-x 2 root root 4096 agent.log\n-rw-r----- 1 root adm <number> agent.log.1\nline with \"quotes\", a tab\t and a backslash \\ to escape\n","initiated_by":{"id":"<admin.id>","type":"admin","email":"<admin.email>"},<outcome>"geoip":<geoip>,"organization":"<org>","@version":"1","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "ldap_bind",
        Nanos,
        r#"{"event_type":"<event_type>","service":"<service>","connection_id":"<secret64>","operation_number":<small>,"dn":"uid=<user.name>,ou=Users,o=<org>,dc=jumpcloud,dc=com","auth_method":"<ldap_method>","mech":"simple","start_tls":<bool>,"tls_established":<bool>,"username":"<user.name>",<outcome>"error_code":<small>,"client_ip":"<ip>","geoip":<geoip>,"auth_meta":{"auth_methods":<auth_methods>,"jumpcloud_protect_device":{"id":"<oid>","make":"Apple","model":"iPhone 15","os":"iOS","os_version":"18.<small>","app_version":"2.<number>","username":"<user.name>","user_id":"<user.id>","ip":"<ip>"}},"initiated_by":{"id":"<user.id>","type":"user","username":"<user.name>"},"organization":"<org>","@version":"1","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "ldap_search",
        Nanos,
        r#"{"event_type":"<event_type>","service":"<service>","connection_id":"<secret64>","operation_number":<small>,"oid":"1.3.6.1.4.1.1466.20037","base":"ou=Users,o=<org>,dc=jumpcloud,dc=com","scope":2,"deref":0,"filter":"(&(objectClass=inetOrgPerson)(|(uid=<user.name>)(mail=<user.email>)))","attr":"uid mail cn sn givenName memberOf uidNumber gidNumber homeDirectory loginShell","number_of_results":<small>,"dn":"uid=<user.name>,ou=Users,o=<org>,dc=jumpcloud,dc=com","username":"<user.name>","start_tls":<bool>,"tls_established":true,<outcome>"client_ip":"<ip>","geoip":<geoip>,"initiated_by":{"id":"<user.id>","type":"user","username":"<user.name>"},"organization":"<org>","@version":"1","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "radius",
        Seconds,
        r#"{"id":"<radius_id>","mfa":<mfa>,"geoip":<geoip>,"outer":{"eap_type":<eap_outer>,"username":"<user.name>","error_message":null},"service":"<service>",<radius_outcome>,"@version":"1","eap_type":"<eap>","mfa_meta":{"type":"<mfa_type>"},"username":"<user.name>","auth_meta":{"auth_idp":"JUMPCLOUD","userid_type":"USERNAME","user_cert_enabled":false,"device_cert_enabled":<bool>,"user_password_enabled":true,"use_azure":false},"auth_type":"EAP","client_ip":"<ip>","nas":{"id":"<oid>","name":"Office access point <number>","network_source_ip":"<src_ip>","called_station_id":"<mac>:Example Corporate","calling_station_id":"<mac>","port_type":"Wireless-802.11"},"timestamp":"<timestamp>","event_type":"<event_type>","initiated_by":{"id":"<user.id>","type":"user","username":"<user.name>"},"organization":"<org>","nas_mfa_state":"DISABLED"}"#,
    ),
    (
        "user_change",
        Millis,
        r#"{"initiated_by":{"id":"<admin.id>","type":"admin","email":"<admin.email>"<scim>},"geoip":<geoip>,"useragent":<useragent>,"resource":{"id":"<user.id>","type":"user","username":"<user.name>"},"changes":<changes>,"auth_method":"<auth_method>","event_type":"<event_type>",<provider>"service":"<service>",<maybe_outcome>"organization":"<org>","@version":"1","client_ip":"<ip>","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "admin_change",
        Millis,
        r#"{"initiated_by":{"id":"<admin.id>","type":"admin","email":"<admin.email>"},"geoip":<geoip>,"useragent":<useragent>,"resource":{"id":"<oid>","type":"admin","email":"<other.email>"},"changes":<changes>,"auth_method":"session","event_type":"<event_type>","provider":null,"service":"<service>",<outcome>"mfa":<mfa>,"organization":"<org>","@version":"1","client_ip":"<ip>","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "association",
        Millis,
        r#"{"initiated_by":{"id":"<admin.id>","type":"admin","email":"<admin.email>"},"geoip":<geoip>,"useragent":<useragent>,"association":{"op":"<association.op>","action_source":"","connection":{"from":{"type":"<association.from>","object_id":"<oid>","name":"<group>"},"to":{"type":"<association.to>","object_id":"<user.id>","name":"<user.name>"}}},"resource":{"id":"<oid>","type":"<association.from>"},"auth_method":"<auth_method>","event_type":"<event_type>",<provider>"service":"<service>",<outcome>"organization":"<org>","@version":"1","client_ip":"<ip>","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "entity",
        Millis,
        r#"{"initiated_by":{"id":"<admin.id>","type":"admin","email":"<admin.email>"},"geoip":<geoip>,"useragent":<useragent>,"resource":{"id":"<oid>","type":"<resource>","name":"<group>"},"changes":<changes>,"auth_method":"<auth_method>","event_type":"<event_type>",<provider>"service":"<service>",<maybe_outcome>"organization":"<org>","@version":"1","client_ip":"<ip>","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "provider",
        Millis,
        r#"{"initiated_by":{"id":"<admin.id>","type":"admin","email":"<admin.email>","provider":"<provider_id>"},"geoip":<geoip>,"useragent":<useragent>,"resource":{"id":"<oid>","type":"<resource>","name":"<group>"},"changes":<changes>,"message_chain":{"response_code":"200","response_message":"accepted","message_details":"OK"},"auth_method":"session","event_type":"<event_type>","provider":"<provider_id>","service":"<service>",<outcome>"mfa":<mfa>,"organization":"<org>","@version":"1","client_ip":"<ip>","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "software",
        Millis,
        r#"{"event_type":"<event_type>","service":"<service>",<provider>"system":{"id":"<system.id>","type":"system","hostname":"<system.host>","displayName":"<system.host>","os":"<system.os>","version":"<system.version>"},"application":{"name":"<software.name>","version":"<software.version>","path":"/Applications/<software.name>.app","publisher":"<software.publisher>","bundle_identifier":"com.example.<software.id>","install_date":"<local_time>","uninstall_string":"C:\\Program Files\\<software.name>\\uninstall.exe /quiet /log \"C:\\Windows\\Temp\\<software.id>.log\""},"changes":[{"field":"version","from":"<software.version>","to":"<software.version>"},{"field":"last_opened","from":null,"to":<number>}],"resource":{"id":"<system.id>","type":"system"},"app_management_source":"JumpCloud App Catalog","initiated_by":{"id":"<system.id>","type":"system"},"organization":"<org>","@version":"1","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "software_request",
        Millis,
        r#"{"event_type":"<event_type>","service":"<service>",<provider>"initiated_by":{"id":"<admin.id>","type":"admin","email":"<admin.email>"},"geoip":<geoip>,"useragent":<useragent>,"application":{"id":"<oid>","name":"<software.name>","version":"<software.version>","publisher":"<software.publisher>"},"changes":<changes>,"resource":{"id":"<oid>","type":"<resource>","name":"<software.name>"},"auth_method":"session",<outcome>"client_ip":"<ip>","organization":"<org>","@version":"1","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "mdm_apple",
        Nanos,
        r#"{"mdm_type":"apple","request_type":"<mdm.request>","mdm_device_id":"<system.id>","mdm_device_manager_id":"<policy.id>","command":{"request_type":"<mdm.request>"<mdm.payload>},"event_type":"<event_type>","command_uuid":"<uuid>","service":"<service>","organization":"<org>","@version":"1","error_chain":<mdm.errors>,"id":"<id>","status":"<mdm.status>"<mdm.result>,"timestamp":"<timestamp>"}"#,
    ),
    (
        "mdm_windows",
        Nanos,
        r#"{"mdm_type":"windows","windows_device_uuid":"<secret64>","device_object_id":"<system.id>","device_manager_object_id":"<policy.id>","event_type":"<event_type>","service":"<service>","initiated_by":{"email":"<user.email>"},"result":"<event_type> of <system.host> is done","geoip":<geoip>,"useragent":<useragent>,<outcome>"client_ip":"<ip>","organization":"<org>","@version":"1","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "password_manager",
        Millis,
        r#"{"event_type":"<event_type>","service":"<service>","initiated_by":{"id":"<user.id>","type":"user","email":"<user.email>","source":"desktop_app"},"association":{"type":"user","id":"<user.id>","email":"<user.email>"},"resource":{"id":"<uuid>","type":"<resource>","name":"<group>"},"changes":[{"field":"<resource> name","from":"","to":"<group>"}],"user_agent":<useragent>,"geoip":<geoip>,<outcome>"provider":"<provider_id>","client_ip":"<ip>","organization":"<org>","@version":"1","id":"<uuid>","timestamp":"<timestamp>"}"#,
    ),
    (
        "alert",
        Millis,
        r#"{"event_type":"<event_type>","service":"<service>","category":"System","severity":"<alert.severity>","correlation":{"id":"<oid>"},"changes":[{"field":"Status","from":"Open","to":"<alert.status>"},{"field":"Remark","from":"","to":"seen by <admin.email>"}],"resource":{"id":"<oid>","type":"<resource>","context":"{\"hostname\":\"<system.host>\",\"free\":<number>}","source_id":"<system.id>","source_type":"device","reference_id":"<uuid>"},"initiated_by":{"id":"<admin.id>","type":"admin","email":"<admin.email>"},"username":"<user.name>","geoip":<geoip>,"useragent":<useragent>,<outcome>"client_ip":"<ip>","organization":"<org>","@version":"1","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "saas",
        Millis,
        r#"{"event_type":"<event_type>","service":"<service>","changes":[{"field":"status","from":"UNAPPROVED","to":"APPROVED"}],"geoip":<geoip>,"useragent":<useragent>,"initiated_by":{"id":"<user.id>","type":"user","username":"<user.name>"},"client_ip":"<ip>","username":"<user.name>","resource":{"application_id":"<app.name>","application_name":"<app.label>","application_category":"Collaboration"},"account_id":"<oid>","catalog_app_id":"<app.name>","login_identifier":"<user.email>","detail":"<event_type>: <app.label> by <user.email>","organization":"<org>","@version":"1","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "access",
        Millis,
        r#"{"event_type":"<event_type>","service":"<service>","pid":"<uuid>","access_request_id":"<oid>","changes":<changes>,"resource":{"id":"<user.id>","type":"user","name":"<user.name>"},"workflow":{"type":"access-workflow","id":"<oid>","name":"<group>","desc":"asks the owner of <group>"},"initiated_by":{"id":"<admin.id>","type":"admin","email":"<admin.email>","source":"system"},"association":{"type":"user","id":"<user.id>","email":"<user.email>"},"user_agent":<useragent>,"geoip":<geoip>,<outcome>"provider":"<provider_id>","client_ip":"<ip>","organization":"<org>","@version":"1","id":"<uuid>","timestamp":"<timestamp>"}"#,
    ),
    (
        "report",
        Millis,
        r#"{"event_type":"<event_type>","service":"<service>","changes":[{"field":"name","from":"report <number>","to":"<group>"}],"resource":{"id":"<oid>","name":"<group>","description":"who may use what","resources":["users","devices"],"search_request":"{}","configuration":"{\"format\":\"csv\"}"},"initiated_by":{"id":"<admin.id>","type":"admin","email":"<admin.email>"},"auth_method":"session","user_agent":<useragent>,"geoip":<geoip>,"provider":"<provider_id>","client_ip":"<ip>","organization":"<org>","@version":"1","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "asset",
        Millis,
        r#"{"event_type":"<event_type>","service":"<service>","changes":[{"field":"Name","from":"Desktop-<number>","to":"<system.host>"},{"field":"Warranty months","from":null,"to":<small>}],"geoip":<geoip>,"useragent":<useragent>,"initiated_by":{"id":"<admin.id>","type":"admin","email":"<admin.email>"},"client_ip":"<ip>","resource":{"id":"<oid>","asset_type":"DEVICE","name":"<system.host>","data_source":"Not Connected"},"detail":"<resource> changed by <admin.email>","organization":"<org>","@version":"1","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "ai",
        Millis,
        r#"{"event_type":"<event_type>","service":"<service>","changes":<changes>,"resource":{"application_id":"<app.id>","id":"<oid>","name":"<group>","type":"<resource>","prefix":"tool_<number>","target_url":"https://mcp.example.com/<app.name>"},"initiated_by":{"id":"<admin.id>","type":"admin","email":"<admin.email>"},"auth_method":"session","user_agent":<useragent>,"geoip":<geoip>,"provider":"<provider_id>","client_ip":"<ip>","organization":"<org>","@version":"1","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "generic",
        Millis,
        r#"{"event_type":"<event_type>","service":"<service>","provider":null,"resource":{"id":"<oid>","type":"<resource>","name":"<group>"},"changes":<changes>,"initiated_by":{"id":"<admin.id>","type":"admin","email":"<admin.email>","name":"<user.display>","username":"<user.name>"},"client_ip":"<ip>","geoip":<geoip>,"useragent":<useragent>,"organization":"<org>","@version":1,"id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "notification",
        Millis,
        r#"{"event_type":"<event_type>","service":"<service>","type":"email","description":"tells <group> when an installation fails","channel_object_id":"<oid>","correlation":{"id":"<oid>"},"config":[{"name":"<user.name>","email":"<user.email>"},{"role_object_id":"<oid>"}],"geoip":<geoip>,"useragent":<useragent>,<outcome>"initiated_by":{"id":"<user.id>","type":"user","username":"<user.name>"},"client_ip":"<ip>","organization":"<org>","@version":"1","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
    (
        "object_storage",
        Millis,
        r#"{"event_type":"<event_type>","service":"<service>","result":"Success","referrer_object_id":"<oid>","referrer_type":"SOFTWARE_APP","object_storage_item_object_id":"<oid>","object_storage_item_version_object_id":"<oid>","object_storage_item_version_name":"<software.id>.pkg","object_storage_item_version_size":17839<number>,"object_storage_item_version_sha_256_sum":"<sha256>","total_software_item_count":<number>,"total_space_used":2345<number>,"system_object_id":"<system.id>","initiated_by":{"id":"<admin.id>","type":"admin","email":"<admin.email>"},"organization":"<org>","@version":"1","id":"<id>","timestamp":"<timestamp>"}"#,
    ),
];

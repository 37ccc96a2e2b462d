use crate::random::{Random, object_id};

/// Who and what occurs in the events of a seed. All of it is made up: names of example.com and example.org,
/// addresses of the documentation networks (RFC 5737).
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) users: Vec<Person>,
    pub(super) admins: Vec<Person>,
    pub(super) systems: Vec<System>,
    pub(super) applications: Vec<Application>,
    pub(super) policies: Vec<Named>,
    pub(super) places: Vec<Place>,
    pub(super) provider: [u8; 24],
}

#[derive(Debug)]
pub(super) struct Person {
    pub(super) id: [u8; 24],
    pub(super) name: String,
    pub(super) email: String,
    pub(super) display: String,
    pub(super) place: usize,
}

#[derive(Debug)]
pub(super) struct System {
    pub(super) id: [u8; 24],
    pub(super) host: String,
    pub(super) serial: String,
    pub(super) os: &'static str,
    pub(super) version: &'static str,
}

#[derive(Debug)]
pub(super) struct Application {
    pub(super) id: [u8; 24],
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) kind: &'static str,
}

#[derive(Debug)]
pub(super) struct Named {
    pub(super) id: [u8; 24],
    pub(super) name: &'static str,
}

/// Where a client is: its `geoip` as JSON, and the first three numbers of its address.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) geoip: String,
    pub(super) network: &'static str,
}

const FIRST: &[&str] = &[
    "amara", "boris", "chen", "dalia", "emil", "farah", "goran", "hana", "ivo", "jun", "kemal", "lena", "mira", "noor",
    "olga", "pavel", "quinn", "rosa", "sanjay", "tomas", "uma", "vera", "wen", "ximena", "yara", "zoltan",
];
const LAST: &[&str] = &[
    "abbott", "bauer", "costa", "dubois", "eriksen", "fischer", "garcia", "haas", "ito", "jansen", "kowalski", "lopez",
    "moreau", "novak", "okafor", "petrov", "quist", "rossi", "silva", "tanaka", "ueda", "varga", "weiss", "yilmaz",
];
const SYSTEMS: &[(&str, &str, &str)] = &[
    ("MBP", "Mac OS X", "14.6.1"),
    ("MBA", "Mac OS X", "15.1"),
    ("DESKTOP", "Windows", "11 Pro"),
    ("LAPTOP", "Windows", "10.0.19045"),
    ("WKS", "Windows", "11 Professionnel"),
    ("srv", "Ubuntu", "22.04"),
    ("db", "Amazon", "2023"),
];
const APPLICATIONS: &[(&str, &str, &str)] = &[
    ("google", "Google Workspace", "saml"),
    ("saml2", "Expenses (Finance)", "saml"),
    ("zoom", "Zoom", "saml"),
    ("slack", "Slack", "saml"),
    ("aws", "AWS \\\"Production\\\"", "saml"),
    ("github", "GitHub", "saml"),
    ("oidc", "Wiki \\u00e9quipe", "oidc"),
    ("salesforce", "Salesforce", "saml"),
    ("office365", "Microsoft 365", "saml"),
    ("bookmark", "Lunch menu", "bookmark"),
];
const POLICIES: &[&str] = &[
    "Global Policy",
    "Default",
    "MFA outside the office",
    "Managed devices only",
    "Block unknown countries",
    "Disk encryption macOS",
    "Password rules Windows",
];
/// City, region code and name, country, continent, time zone, latitude, longitude, network.
type City = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);
const CITIES: &[City] = &[
    ("Denver", "CO", "Colorado", "US", "NA", "America/Denver", "39.7388", "-104.9868", "192.0.2."),
    ("Atlanta", "GA", "Georgia", "US", "NA", "America/New_York", "33.7485", "-84.3871", "192.0.2."),
    ("Paris", "75", "Paris", "FR", "EU", "Europe/Paris", "48.8558", "2.3494", "198.51.100."),
    ("Berlin", "BE", "Land Berlin", "DE", "EU", "Europe/Berlin", "52.5196", "13.4069", "198.51.100."),
    ("London", "ENG", "England", "GB", "EU", "Europe/London", "51.5088", "-0.093", "198.51.100."),
    ("Bengaluru", "KA", "Karnataka", "IN", "AS", "Asia/Kolkata", "12.9753", "77.591", "203.0.113."),
    ("Tokyo", "13", "Tokyo", "JP", "AS", "Asia/Tokyo", "35.6893", "139.6899", "203.0.113."),
    ("Brisbane", "QLD", "Queensland", "AU", "OC", "Australia/Brisbane", "-27.4705", "153.026", "203.0.113."),
];

impl Cast {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x6361_7374);
        let places = CITIES.iter().enumerate().map(|(index, city)| Place::new(index, city)).collect();
        let users = (0..240).map(|index| Person::new(index, "example.com", &mut random)).collect();
        let admins = (0..8).map(|index| Person::new(index * 31, "example.org", &mut random)).collect();
        Self {
            users,
            admins,
            systems: (0..300).map(|index| System::new(index, &mut random)).collect(),
            applications: APPLICATIONS
                .iter()
                .map(|(name, label, kind)| Application { id: id(&mut random), name, label, kind })
                .collect(),
            policies: POLICIES.iter().map(|name| Named { id: id(&mut random), name }).collect(),
            places,
            provider: id(&mut random),
        }
    }
}

fn id(random: &mut Random) -> [u8; 24] {
    // The first 8 digits of an object id are the second it was made at.
    let seconds = 1_550_000_000 + random.below(150_000_000);
    object_id(u32::try_from(seconds).unwrap_or(0), random.next())
}

impl Person {
    fn new(index: usize, domain: &str, random: &mut Random) -> Self {
        let first = FIRST[index % FIRST.len()];
        let last = LAST[(index / FIRST.len() * 7 + index) % LAST.len()];
        let name = format!("{first}.{last}");
        Self {
            id: id(random),
            email: format!("{name}@{domain}"),
            display: format!("{} {}", capital(first), capital(last)),
            name,
            place: random.index(CITIES.len()),
        }
    }
}

impl System {
    fn new(index: usize, random: &mut Random) -> Self {
        let (prefix, os, version) = SYSTEMS[index % SYSTEMS.len()];
        let serial: [u8; 10] = random.text(b"ABCDEFGHJKLMNPQRSTUVWXYZ0123456789");
        let serial = String::from_utf8_lossy(&serial).into_owned();
        Self { id: id(random), host: format!("{prefix}-{}", &serial[..6]), serial, os, version }
    }
}

impl Place {
    fn new(index: usize, city: &City) -> Self {
        let (name, region_code, region, country, continent, zone, latitude, longitude, network) = city;
        let mut geoip = format!(
            "{{\"latitude\":{latitude},\"timezone\":\"{zone}\",\"longitude\":{longitude},\"region_code\":\"{region_code}\",\
             \"region_name\":\"{region}\",\"country_code\":\"{country}\",\"continent_code\":\"{continent}\""
        );
        // The newer collectors of JumpCloud also tell the city and the network's owner.
        if index % 2 == 1 {
            geoip.push_str(&format!(",\"city\":\"{name}\",\"asn\":{{\"organization\":\"Example Telecom\"}}"));
        }
        geoip.push('}');
        Self { geoip, network }
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

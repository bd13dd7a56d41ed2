//! How servers write a character, and numbers to choose by.

/// Names of characters in HTML, some of those that encoders of all characters use.
const NAMES: [(char, &str); 16] = [
    ('&', "amp"),
    ('<', "lt"),
    ('>', "gt"),
    ('"', "quot"),
    ('\'', "apos"),
    ('+', "plus"),
    ('/', "sol"),
    ('_', "lowbar"),
    ('=', "equals"),
    ('@', "commat"),
    ('ä', "auml"),
    ('é', "eacute"),
    ('ß', "szlig"),
    ('€', "euro"),
    ('Ω', "Omega"),
    ('𝔘', "Ufr"),
];

/// Numbers that look drawn, the same for the same seed (splitmix64).
pub struct Draws(pub u64);

impl Draws {
    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    /// A secret of 6 to 64 characters, most of them those that passwords have and servers escape. `control`: also those
    /// that no variable of the environment or header can hold.
    pub fn secret(&mut self, control: bool) -> String {
        let length = 6 + self.below(59);
        let mut secret: String = (0..length).map(|_| self.character(control)).collect();
        // White space at the ends is not the secret's: headers lose it.
        secret.insert(0, 'x');
        secret.push('+');
        secret.chars().skip(usize::from(length > 8)).take(63).collect::<String>().trim().to_owned() + "9"
    }

    fn character(&mut self, control: bool) -> char {
        let range = match self.below(12) {
            0..=3 => 'a'..='z',
            4..=7 => ' '..='~',
            8 => '\u{a1}'..='\u{ff}',
            9 => '\u{100}'..='\u{20ff}',
            10 => '\u{10000}'..='\u{1ffff}',
            _ if control => '\u{1}'..='\u{9f}',
            _ => '0'..='9',
        };
        let (first, last) = (*range.start() as usize, *range.end() as usize);
        char::from_u32((first + self.below(last - first + 1)) as u32).unwrap()
    }

    /// A text with each character written in some way.
    pub fn escaped(&mut self, text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        for c in text.chars() {
            let mut ways = ways(c);
            out.append(&mut ways.swap_remove(self.below(ways.len())));
        }
        out
    }
}

/// Every way in which a server may write a character.
pub fn ways(c: char) -> Vec<Vec<u8>> {
    let (utf8, number) = (c.to_string(), c as u32);
    let each = |write: &dyn Fn(u8) -> String| utf8.bytes().map(write).collect::<String>();
    let units =
        |write: &dyn Fn(u16) -> String| c.encode_utf16(&mut [0; 2]).iter().map(|unit| write(*unit)).collect::<String>();
    let mut ways = vec![
        utf8.clone(),
        utf8.clone(),
        each(&|byte| format!("%{byte:02X}")),
        each(&|byte| format!("%{byte:02x}")),
        each(&|byte| format!("\\x{byte:02x}")),
        each(&|byte| format!("\\{byte:03o}")),
        units(&|unit| format!("\\u{unit:04x}")),
        units(&|unit| format!("\\u{unit:04X}")),
        format!("\\u{{{number:x}}}"),
        format!("&#{number};"),
        format!("&#{number:03};"),
        format!("&#x{number:X};"),
        format!("&#X{number:x};"),
    ];
    ways.extend(NAMES.iter().filter(|(named, _)| *named == c).map(|(_, name)| format!("&{name};")));
    let mut ways: Vec<Vec<u8>> = ways.into_iter().map(String::into_bytes).collect();
    if let (0x80..=0xff, byte) = (number, number as u8) {
        ways.extend([vec![byte], format!("%{byte:02X}").into_bytes(), format!("\\x{byte:02x}").into_bytes()]);
    }
    if c == ' ' {
        ways.push(b"+".to_vec());
    }
    if c.is_ascii_punctuation() {
        ways.push(vec![b'\\', c as u8]);
    }
    if let Some(at) = "\n\r\t\u{8}\u{c}".find(c) {
        ways.push(vec![b'\\', b"nrtbf"[at]]);
    }
    ways
}

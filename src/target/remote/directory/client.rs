//! The portal's side: one connection a logon, with a bind, a search for the person's own entry, and an unbind.

use super::{BASE, dn_of, invalid, read_message, write_message};
use rasn_ldap::{
    AuthenticationChoice, BindRequest, Filter, LdapString, ProtocolOp, ResultCode, SearchRequest,
    SearchRequestDerefAliases, SearchRequestScope, SearchResultEntry, UnbindRequest,
};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::BufReader;
use tokio::net::TcpStream;

/// The longest that a logon waits for the directory.
const PATIENCE: Duration = Duration::from_secs(30);

/// How to ask a directory.
#[derive(Clone, Copy, Debug)]
pub struct DirectoryClient(pub SocketAddr);

/// What the directory says of a person whose password is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The name of the account: as the directory has it, however it was typed, since it compares without case.
    pub uid: String,
    /// The office, if it is known.
    pub office: String,
    /// The names of the groups.
    pub groups: Vec<String>,
}

/// What the directory answers to a name and a password.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// They are right.
    Right(Member),
    /// They are not.
    Wrong,
    /// The account is locked.
    Locked,
}

impl DirectoryClient {
    /// Asks the directory for `uid` with `password`.
    ///
    /// # Errors
    /// The directory cannot be reached, does not answer within half a minute, or answers something else.
    pub async fn ask(self, uid: &str, password: &str) -> io::Result<Answer> {
        // A name as accounts have it, so that nothing of a DN's syntax can be smuggled in; an empty password would be
        // an anonymous bind (RFC 4513 section 5.1.2).
        let plain = !uid.is_empty() && uid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !plain || password.is_empty() {
            return Ok(Answer::Wrong);
        }
        tokio::time::timeout(PATIENCE, self.logon(uid, password)).await?
    }

    async fn logon(self, uid: &str, password: &str) -> io::Result<Answer> {
        let stream = TcpStream::connect(self.0).await?;
        stream.set_nodelay(true)?;
        let mut stream = BufReader::new(stream);
        let authentication = AuthenticationChoice::Simple(password.as_bytes().to_vec().into());
        let bind = BindRequest::new(3, dn_of(uid).into(), authentication);
        write_message(&mut stream, 1, ProtocolOp::BindRequest(bind)).await?;
        let answer = match next(&mut stream).await? {
            ProtocolOp::BindResponse(answer) => answer,
            _ => return Err(invalid("the directory answers a bind with something else")),
        };
        match answer.result_code {
            ResultCode::Success => {}
            ResultCode::InvalidCredentials | ResultCode::NoSuchObject => return Ok(Answer::Wrong),
            ResultCode::UnwillingToPerform | ResultCode::ConstraintViolation => return Ok(Answer::Locked),
            code => return Err(invalid(&format!("the directory refuses a bind: {code:?}"))),
        }
        let member = search(&mut stream, uid).await?;
        write_message(&mut stream, 4, ProtocolOp::UnbindRequest(UnbindRequest)).await?;
        Ok(Answer::Right(member))
    }
}

async fn next(stream: &mut BufReader<TcpStream>) -> io::Result<ProtocolOp> {
    let message = read_message(stream).await?;
    message.map(|message| message.protocol_op).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// The person's office, and the groups that have the person as a member.
async fn search(stream: &mut BufReader<TcpStream>, uid: &str) -> io::Result<Member> {
    let anything = Filter::Present("objectClass".into());
    let own = find(stream, 2, dn_of(uid), SearchRequestScope::BaseObject, anything, &["uid", "ou"]).await?;
    let mine = rasn_ldap::AttributeValueAssertion::new("member".into(), dn_of(uid).into_bytes().into());
    let groups = format!("ou=groups,{BASE}");
    let groups = find(stream, 3, groups, SearchRequestScope::SingleLevel, Filter::EqualityMatch(mine), &["cn"]).await?;
    let first = |name| own.first().and_then(|entry| values(entry, name).into_iter().next());
    Ok(Member {
        uid: first("uid").unwrap_or_else(|| uid.to_owned()),
        office: first("ou").unwrap_or_default(),
        groups: groups.iter().flat_map(|entry| values(entry, "cn")).collect(),
    })
}

async fn find(
    stream: &mut BufReader<TcpStream>,
    id: u32,
    base: String,
    scope: SearchRequestScope,
    filter: Filter,
    attributes: &[&str],
) -> io::Result<Vec<SearchResultEntry>> {
    let never = SearchRequestDerefAliases::NeverDerefAliases;
    let wanted = attributes.iter().map(|name| LdapString::from(*name)).collect();
    let request = SearchRequest::new(base.into(), scope, never, 0, 0, false, filter, wanted);
    write_message(stream, id, ProtocolOp::SearchRequest(request)).await?;
    let mut found = Vec::new();
    loop {
        match next(stream).await? {
            ProtocolOp::SearchResEntry(entry) => found.push(entry),
            ProtocolOp::SearchResDone(done) if done.0.result_code == ResultCode::Success => return Ok(found),
            ProtocolOp::SearchResDone(done) => {
                return Err(invalid(&format!("the directory refuses a search: {:?}", done.0.result_code)));
            }
            _ => return Err(invalid("the directory answers a search with something else")),
        }
    }
}

fn values(entry: &SearchResultEntry, name: &str) -> Vec<String> {
    let named = entry.attributes.iter().filter(|attribute| attribute.r#type.0.eq_ignore_ascii_case(name));
    let values = named.flat_map(|attribute| attribute.vals.to_vec());
    values.map(|value| String::from_utf8_lossy(value).into_owned()).collect()
}

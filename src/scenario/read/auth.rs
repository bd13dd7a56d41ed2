//! The credentials of a request: `auth: { basic: { user: ann, password: … } }` or `auth: { bearer: … }`.

use super::Reader;
use super::template::Known;
use crate::scenario::keys::{AUTH, BASIC};
use crate::scenario::model::{Auth, Template};
use crate::scenario::problem::Read;
use crate::scenario::yaml::Node;

impl Reader<'_> {
    /// What the header Authorization says.
    pub fn auth(&mut self, node: &Node, known: &Known) -> Read<Auth> {
        let fields = self.fields(node, &AUTH)?;
        let (kind, node) = self.one_of(&fields)?;
        if kind == "bearer" {
            return self.credential(node, known).map(Auth::Bearer);
        }
        let fields = self.fields(node, &BASIC)?;
        let user = self.need(&fields, "user").and_then(|node| self.credential(node, known));
        let password = self.need(&fields, "password").and_then(|node| self.credential(node, known));
        Ok(Auth::Basic { user: user?, password: password? })
    }

    fn credential(&mut self, node: &Node, known: &Known) -> Read<Template> {
        let template = self.template(node, known)?;
        self.refuse_control(&template, node.place, known).map(|()| template)
    }
}

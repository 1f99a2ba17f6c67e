//! Typed resources behind untyped traits, so that a provider can keep them in one list.

use async_trait::async_trait;
use provider_protocol::DeferredReason;
use provider_protocol::cty::{Path, Type, Value};
use provider_protocol::schema::IdentitySchema;

use crate::model::{FromValue, MisfitKind, ToValue};
use crate::plan::{self, Planned};
use crate::resource::{Change, Import, Plan, Source, Upgrader};
use crate::schema::Schema;
use crate::timeouts::Timeouts;
use crate::values::{conform, merge};
use crate::{DataSource, Diagnostics, Ephemeral, Model, Outcome, Private, Resource, Run, ephemeral};

/// What Terraform asks when it plans a create or an update.
pub(crate) struct PlanQuestion {
    pub prior: Value,
    pub config: Value,
    pub proposed: Value,
    pub private: Private,
    pub deferral_allowed: bool,
}

/// What we answer.
pub(crate) struct PlanAnswer {
    pub state: Value,
    pub replace: Vec<Path>,
    pub private: Private,
    pub deferred: Option<DeferredReason>,
    pub diagnostics: Diagnostics,
}

/// A [`Resource`] without its types.
#[async_trait]
pub(crate) trait AnyResource<C>: Send + Sync {
    fn name(&self) -> &'static str;
    fn schema(&self) -> &Schema;
    fn ty(&self) -> &Type;
    fn model_attributes(&self) -> &'static [&'static str];
    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics);
    fn plan(&self, client: Option<&C>, question: PlanQuestion) -> PlanAnswer;
    fn plan_destroy(&self, client: Option<&C>, prior: &Value, diagnostics: &mut Diagnostics);
    async fn read(&self, run: &mut Run<C>, state: &Value) -> Outcome<Value>;
    async fn apply(&self, run: &mut Run<C>, prior: &Value, planned: &Value, config: &Value)
    -> Outcome<Value>;
    async fn import(&self, run: &mut Run<C>, from: Import) -> Outcome<Value>;
    fn identity(&self) -> Option<IdentitySchema>;
    fn identify(&self, state: &Value) -> Option<Value>;
    fn upgraders(&self) -> Vec<Upgrader>;
    fn take_over(&self, source: &Source) -> Option<Outcome<Value>>;
    fn timeouts(&self) -> Timeouts;
}

pub(crate) struct ErasedResource<R> {
    resource: R,
    schema: Schema,
    ty: Type,
}

impl<R: Resource> ErasedResource<R> {
    pub(crate) fn new(resource: R) -> Self {
        let schema = resource.schema();
        let ty = schema.ty();
        Self { resource, schema, ty }
    }

    /// An outcome as values: what the model did not change stays as it was in `original`.
    fn outcome(&self, outcome: Outcome<R::Model>, original: &Value) -> Outcome<Value> {
        let state = outcome.state.map(|model| {
            let after = conform(&model.to_value(), &self.ty);
            match typed::<R::Model>(original) {
                Ok(before) => merge(original, &conform(&before.to_value(), &self.ty), &after),
                Err(_) => after,
            }
        });
        Outcome { state, diagnostics: outcome.diagnostics }
    }
}

#[async_trait]
impl<R: Resource> AnyResource<R::Client> for ErasedResource<R> {
    fn name(&self) -> &'static str {
        self.resource.name()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn ty(&self) -> &Type {
        &self.ty
    }

    fn model_attributes(&self) -> &'static [&'static str] {
        R::Model::ATTRIBUTES
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        if let Some(model) = typed_config::<R::Model>(config, diagnostics) {
            self.resource.validate(&model, diagnostics);
        }
    }

    fn plan(&self, client: Option<&R::Client>, question: PlanQuestion) -> PlanAnswer {
        let Planned { state, mut replace } =
            plan::plan(&self.schema, &question.prior, &question.config, &question.proposed);
        let mut answer = PlanAnswer {
            state,
            replace: Vec::new(),
            private: question.private.clone(),
            deferred: None,
            diagnostics: Diagnostics::new(),
        };
        let mut typed_plan = match self.typed_plan(&question, &answer.state) {
            Ok(plan) => plan,
            Err(diagnostics) => return PlanAnswer { diagnostics, ..answer },
        };
        self.resource.plan(client, &mut typed_plan);
        if typed_plan.decide_again && !question.prior.is_null() {
            plan::mark_computed(&self.schema, &mut answer.state, &question.config, &question.prior);
            match typed(&answer.state) {
                Ok(planned) => typed_plan.planned = planned,
                Err(diagnostics) => return PlanAnswer { diagnostics, ..answer },
            }
            self.resource.plan(client, &mut typed_plan);
        }
        let before = typed::<R::Model>(&answer.state).map(|model| conform(&model.to_value(), &self.ty));
        if let Ok(before) = before {
            answer.state = merge(&answer.state, &before, &conform(&typed_plan.planned.to_value(), &self.ty));
        }
        replace.append(&mut typed_plan.replace);
        replace.sort_unstable();
        replace.dedup();
        answer.replace = replace;
        answer.private = typed_plan.private;
        answer.deferred = typed_plan.deferred;
        answer.diagnostics = typed_plan.diagnostics;
        answer
    }

    fn plan_destroy(&self, client: Option<&R::Client>, prior: &Value, diagnostics: &mut Diagnostics) {
        // A state that does not fit must not stand in the way of getting rid of it.
        if let Ok(prior) = typed(prior) {
            self.resource.plan_destroy(client, &prior, diagnostics);
        }
    }

    async fn read(&self, run: &mut Run<R::Client>, state: &Value) -> Outcome<Value> {
        let model = match typed(state) {
            Ok(model) => model,
            Err(diagnostics) => return Outcome::failed(diagnostics),
        };
        let outcome = self.resource.read(run, model).await;
        let mut outcome = self.outcome(outcome, state);
        if let Some(new) = &mut outcome.state {
            plan::without_write_only(&self.schema, new);
            plan::keep_notation(&self.schema, new, state);
        }
        outcome
    }

    async fn apply(
        &self,
        run: &mut Run<R::Client>,
        prior: &Value,
        planned: &Value,
        config: &Value,
    ) -> Outcome<Value> {
        let change = match typed_change(prior, planned, config) {
            Ok(change) => change,
            Err(diagnostics) => return Outcome::failed(diagnostics),
        };
        let outcome = self.resource.apply(run, change).await;
        let mut outcome = self.outcome(outcome, planned);
        if let Some(new) = &mut outcome.state {
            plan::without_write_only(&self.schema, new);
            plan::keep_notation(&self.schema, new, planned);
        }
        outcome
    }

    async fn import(&self, run: &mut Run<R::Client>, from: Import) -> Outcome<Value> {
        let outcome = self.resource.import(run, from).await;
        let mut outcome = self.outcome(outcome, &Value::Null);
        if let Some(new) = &mut outcome.state {
            plan::without_write_only(&self.schema, new);
        }
        outcome
    }

    fn identity(&self) -> Option<IdentitySchema> {
        self.resource.identity()
    }

    fn identify(&self, state: &Value) -> Option<Value> {
        let identity = self.resource.identity()?;
        let model = typed(state).ok()?;
        Some(conform(&self.resource.identify(&model), &identity.implied_type()))
    }

    fn upgraders(&self) -> Vec<Upgrader> {
        self.resource.upgraders()
    }

    fn take_over(&self, source: &Source) -> Option<Outcome<Value>> {
        self.resource.take_over(source).map(|outcome| self.outcome(outcome, &Value::Null))
    }

    fn timeouts(&self) -> Timeouts {
        self.resource.timeouts()
    }
}

impl<R: Resource> ErasedResource<R> {
    fn typed_plan(&self, question: &PlanQuestion, planned: &Value) -> Result<Plan<R::Model>, Diagnostics> {
        Ok(Plan {
            config: typed(&question.config)?,
            prior: if question.prior.is_null() { None } else { Some(typed(&question.prior)?) },
            planned: typed(planned)?,
            private: question.private.clone(),
            diagnostics: Diagnostics::new(),
            deferral_allowed: question.deferral_allowed,
            replace: Vec::new(),
            deferred: None,
            decide_again: false,
        })
    }
}

fn typed_change<M: Model>(prior: &Value, planned: &Value, config: &Value) -> Result<Change<M>, Diagnostics> {
    Ok(match (prior.is_null(), planned.is_null()) {
        (true, _) => Change::Create { planned: typed(planned)?, config: typed(config)? },
        (false, true) => Change::Delete { prior: typed(prior)? },
        (false, false) => {
            Change::Update { prior: typed(prior)?, planned: typed(planned)?, config: typed(config)? }
        }
    })
}

/// A [`DataSource`] without its types.
#[async_trait]
pub(crate) trait AnyDataSource<C>: Send + Sync {
    fn name(&self) -> &'static str;
    fn schema(&self) -> &Schema;
    fn ty(&self) -> &Type;
    fn model_attributes(&self) -> &'static [&'static str];
    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics);
    async fn read(&self, run: &mut Run<C>, config: &Value) -> Outcome<Value>;
}

pub(crate) struct ErasedDataSource<D> {
    data_source: D,
    schema: Schema,
    ty: Type,
}

impl<D: DataSource> ErasedDataSource<D> {
    pub(crate) fn new(data_source: D) -> Self {
        let schema = data_source.schema();
        let ty = schema.ty();
        Self { data_source, schema, ty }
    }
}

#[async_trait]
impl<D: DataSource> AnyDataSource<D::Client> for ErasedDataSource<D> {
    fn name(&self) -> &'static str {
        self.data_source.name()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn ty(&self) -> &Type {
        &self.ty
    }

    fn model_attributes(&self) -> &'static [&'static str] {
        D::Model::ATTRIBUTES
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        if let Some(model) = typed_config::<D::Model>(config, diagnostics) {
            self.data_source.validate(&model, diagnostics);
        }
    }

    async fn read(&self, run: &mut Run<D::Client>, config: &Value) -> Outcome<Value> {
        // What a plan of a new resource would be, is what a data source starts from: defaults are in.
        let start = plan::plan(&self.schema, &Value::Null, config, config).state;
        let model = match typed::<D::Model>(&start) {
            Ok(model) => model,
            Err(diagnostics) => return Outcome::failed(diagnostics),
        };
        let before = conform(&model.to_value(), &self.ty);
        let outcome = self.data_source.read(run, model).await;
        let state = outcome.state.map(|model| merge(&start, &before, &conform(&model.to_value(), &self.ty)));
        Outcome { state, diagnostics: outcome.diagnostics }
    }
}

/// What opening led to.
pub(crate) struct ErasedOpened {
    pub result: Value,
    pub renew_at: Option<std::time::SystemTime>,
}

/// An [`Ephemeral`] without its types.
#[async_trait]
pub(crate) trait AnyEphemeral<C>: Send + Sync {
    fn name(&self) -> &'static str;
    fn schema(&self) -> &Schema;
    fn ty(&self) -> &Type;
    fn model_attributes(&self) -> &'static [&'static str];
    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics);
    async fn open(&self, run: &mut Run<C>, config: &Value) -> Result<ErasedOpened, Diagnostics>;
    async fn renew(&self, run: &mut Run<C>) -> Result<Option<std::time::SystemTime>, Diagnostics>;
    async fn close(&self, run: &mut Run<C>, private: Private) -> Result<(), Diagnostics>;
}

pub(crate) struct ErasedEphemeral<E> {
    ephemeral: E,
    schema: Schema,
    ty: Type,
}

impl<E: Ephemeral> ErasedEphemeral<E> {
    pub(crate) fn new(ephemeral: E) -> Self {
        let schema = ephemeral.schema();
        let ty = schema.ty();
        Self { ephemeral, schema, ty }
    }
}

#[async_trait]
impl<E: Ephemeral> AnyEphemeral<E::Client> for ErasedEphemeral<E> {
    fn name(&self) -> &'static str {
        self.ephemeral.name()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn ty(&self) -> &Type {
        &self.ty
    }

    fn model_attributes(&self) -> &'static [&'static str] {
        E::Model::ATTRIBUTES
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        if let Some(model) = typed_config::<E::Model>(config, diagnostics) {
            self.ephemeral.validate(&model, diagnostics);
        }
    }

    async fn open(&self, run: &mut Run<E::Client>, config: &Value) -> Result<ErasedOpened, Diagnostics> {
        let start = plan::plan(&self.schema, &Value::Null, config, config).state;
        let model = typed::<E::Model>(&start)?;
        let before = conform(&model.to_value(), &self.ty);
        let ephemeral::Opened { result, renew_at } = self.ephemeral.open(run, model).await?;
        let result = merge(&start, &before, &conform(&result.to_value(), &self.ty));
        Ok(ErasedOpened { result, renew_at })
    }

    async fn renew(&self, run: &mut Run<E::Client>) -> Result<Option<std::time::SystemTime>, Diagnostics> {
        self.ephemeral.renew(run).await
    }

    async fn close(&self, run: &mut Run<E::Client>, private: Private) -> Result<(), Diagnostics> {
        self.ephemeral.close(run, private).await
    }
}

/// A value as the model.
pub(crate) fn typed<M: FromValue>(value: &Value) -> Result<M, Diagnostics> {
    M::from_value(value, &mut Path::root()).map_err(|misfit| misfit.diagnostic().into())
}

/// A configuration as the model, with an error for each attribute that does not fit. None without an error: something that
/// the model needs is not known yet.
pub(crate) fn typed_config<M: Model>(config: &Value, diagnostics: &mut Diagnostics) -> Option<M> {
    let misfit = match M::from_value(config, &mut Path::root()) {
        Ok(model) => return Some(model),
        Err(misfit) => misfit,
    };
    let mut found = Diagnostics::new();
    for name in M::ATTRIBUTES {
        // Alone, so that the first misfit does not hide the others.
        let alone = Value::object(config.get(name).map(|value| (*name, value.clone())));
        match M::from_value(&alone, &mut Path::root()) {
            Err(misfit)
                if Path::root().attribute(*name).contains(&misfit.path)
                    && misfit.kind != MisfitKind::Unknown =>
            {
                found.push(misfit.diagnostic());
            }
            _ => {}
        }
    }
    if found.is_empty() && misfit.kind != MisfitKind::Unknown {
        found.push(misfit.diagnostic());
    }
    diagnostics.append(found);
    None
}

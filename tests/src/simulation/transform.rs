use adr_core::{Emit, Event, Output, Transform, Verdict};

use super::world::{Shared, key};

/// A transform that copies events and, by their id alone, discards, rejects or panics.
pub(crate) struct SimulatedTransform(pub(crate) Shared);

impl Transform for SimulatedTransform {
    fn apply(&mut self, event: &Event, out: &mut Output) -> Verdict {
        let fate = {
            let mut world = self.0.lock();
            let (poison, discards, rejects) = (world.scenario.poison, world.scenario.discards, world.scenario.rejects);
            let fate = fate_of(&event.meta.id);
            if fate < poison {
                world.mark("transform panics", 0);
                drop(world);
                std::panic::panic_any("simulated");
            }
            if fate < poison + discards {
                world.discarded.insert(key(event));
                return out.discard();
            }
            fate < poison + discards + rejects
        };
        if fate {
            return out.reject(event.clone(), "simulated");
        }
        // Half the time new text, else the event as it is.
        if event.body.len().is_multiple_of(2) {
            return out.forward(event.clone());
        }
        let start = out.buffer.len();
        out.buffer.extend_from_slice(&event.body);
        let id = event.meta.id.as_bytes();
        let place = event.body.windows(id.len().max(1)).position(|window| window == id).unwrap_or(0);
        out.emit(Emit {
            body: start..out.buffer.len(),
            id: start + place..start + place + id.len(),
            kind: 0..0,
            time: event.meta.time,
            tenant: event.meta.tenant.clone(),
            severity: event.meta.severity,
        })
    }
}

/// A number from 0 to 1 that depends on the id alone.
fn fate_of(id: &str) -> f64 {
    let hash = id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    f64::from((hash >> 32) as u32) / f64::from(u32::MAX)
}

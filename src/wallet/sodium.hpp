#pragma once

namespace cairn {

/// Initialises libsodium on the first call; cheap afterwards. Any thread. Aborts if the system has
/// no source of randomness, since nothing here can be done without.
void require_sodium();

}  // namespace cairn

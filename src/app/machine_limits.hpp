#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace cairn {

/// Address space below which no node starts: its threads' stacks, the libraries, the store.
inline constexpr std::uint64_t kAddressSpaceLeast = 1024ULL * 1024 * 1024;

/// What of this machine's limits is too little for a program of so many threads, as a sentence.
/// Asked before anything is begun: some libraries abort when they get no thread. Call it while
/// there is one thread.
[[nodiscard]] std::optional<std::string> machine_lacks(std::size_t threads,
                                                       std::uint64_t address_space);

}  // namespace cairn

#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/consensus/names.hpp"

namespace cairn {

/// Addresses of names, worked out once. Bounded; any thread.
class NameBook {
public:
    static constexpr std::size_t kNamesMax = 16'384;

    NameBook();
    [[nodiscard]] Address address_of(const Name& name) const;
    /// Whether `text` is a name whose key is `address`: only then may it be shown for it.
    [[nodiscard]] bool proves(std::string_view text, const Address& address,
                              const ChainSpec& spec) const;

private:
    mutable std::mutex mutex_;
    SchnorrSigner signer_;  // guarded by mutex_ as well
    mutable std::unordered_map<std::string, Address> known_;
};

/// What a node that signs for names writes into a transfer's `data` or a reward's `extra`.
struct Envelope {
    std::optional<std::string> from, to, memo;
};

/// {"from":…,"to":…,"memo":…} without the members that do not apply; empty if none does.
[[nodiscard]] std::string encode_envelope(const Envelope& envelope);
/// Nothing unless the bytes are a JSON object of no other members than these, all strings.
[[nodiscard]] std::optional<Envelope> decode_envelope(ByteView bytes);

/// Text that may be shown: valid UTF-8 without control characters other than tab and newline.
[[nodiscard]] bool is_showable(ByteView bytes);

}  // namespace cairn

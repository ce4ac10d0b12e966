#include "wallet/argon2.hpp"

#include <sodium.h>

#include "wallet/sodium.hpp"

namespace cairn {

static_assert(std::tuple_size_v<Argon2Salt> == crypto_pwhash_argon2id_SALTBYTES);

bool is_possible(const Argon2Cost& cost) {
    return cost.memory_kib >= crypto_pwhash_argon2id_MEMLIMIT_MIN / 1024 &&
           cost.memory_kib <= kArgon2CostMax.memory_kib &&
           cost.passes >= crypto_pwhash_argon2id_OPSLIMIT_MIN &&
           cost.passes <= kArgon2CostMax.passes;
}

bool argon2id(std::span<std::uint8_t> out, const SecretText& password, const Argon2Salt& salt,
              const Argon2Cost& cost) {
    require_sodium();
    const auto text = password.reveal();
    return is_possible(cost) &&
           crypto_pwhash(out.data(), out.size(), text.data(), text.size(), salt.data(), cost.passes,
                         std::size_t{cost.memory_kib} * 1024, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

}  // namespace cairn

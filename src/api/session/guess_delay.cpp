#include "api/session/guess_delay.hpp"

#include <algorithm>

#include "wallet/user_name.hpp"

namespace cairn {
namespace {

/// No user has a longer name, so longer ones may share an entry.
constexpr std::size_t kNameMax = 65;

std::string key_of(std::string_view name) { return fold_case(name.substr(0, kNameMax)); }

}  // namespace

Source Source::of_v4(const std::array<std::uint8_t, 4>& address) {
    if (address[0] == 127) return loopback();
    Source source;
    source.bytes_[10] = source.bytes_[11] = 0xff;
    std::copy(address.begin(), address.end(), source.bytes_.begin() + 12);
    return source;
}

Source Source::of_v6(const std::array<std::uint8_t, 16>& address) {
    static constexpr std::array<std::uint8_t, 16> kLoopback = {0, 0, 0, 0, 0, 0, 0, 0,
                                                               0, 0, 0, 0, 0, 0, 0, 1};
    static constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0,    0,
                                                             0, 0, 0, 0, 0xff, 0xff};
    if (address == kLoopback) return loopback();
    if (std::equal(kMapped.begin(), kMapped.end(), address.begin()))
        return of_v4({address[12], address[13], address[14], address[15]});
    Source source;
    std::copy_n(address.begin(), 8, source.bytes_.begin());
    source.bytes_[15] = 1;  // keeps ::/64 apart from loopback's zeros
    return source;
}

Tick GuessDelay::Growth::after(std::uint32_t failures) const {
    if (failures < free) return 0;
    const auto doublings = std::min<std::uint32_t>(failures - free, 32);
    return std::min(max_ms, Tick{1000} << doublings);
}

void GuessDelay::Record::forget_old(Tick now) {
    if (failures > 0 && now >= last_failure + kForgetMs) {
        failures = 0;
        free_at = 0;
    }
}

void GuessDelay::Record::fail(const Growth& growth, Tick now) {
    ++failures;
    last_failure = now;
    free_at = now + growth.after(failures);
}

template <class Key>
GuessDelay::Record GuessDelay::Table<Key>::peek(const Key& key) const {
    const auto found = records_.find(key);
    return found == records_.end() ? Record{} : found->second.first;
}

template <class Key>
GuessDelay::Record& GuessDelay::Table<Key>::touch(const Key& key) {
    const auto found = records_.find(key);
    if (found != records_.end()) {
        order_.splice(order_.begin(), order_, found->second.second);
        return found->second.first;
    }
    if (records_.size() == max_) {
        records_.erase(order_.back());
        order_.pop_back();
    }
    order_.push_front(key);
    return records_.emplace(key, std::pair{Record{}, order_.begin()}).first->second.first;
}

Tick GuessDelay::wait_locked(const Pair& pair, Tick now) const {
    auto free_at = pairs_.peek(pair).free_at;
    const bool own_failures_only =
        pair.second.is_loopback() || now < pairs_.peek(pair).trusted_until;
    if (!own_failures_only) free_at = std::max(free_at, names_.peek(pair.first).free_at);
    return free_at > now ? free_at - now : 0;
}

Tick GuessDelay::wait(std::string_view name, const Source& source, Tick now) const {
    const Pair pair{key_of(name), source};
    const std::lock_guard lock{mutex_};
    return wait_locked(pair, now);
}

Tick GuessDelay::admit(std::string_view name, const Source& source, Tick now) {
    const Pair pair{key_of(name), source};
    const std::lock_guard lock{mutex_};
    if (const auto left = wait_locked(pair, now)) return left;
    auto& own = pairs_.touch(pair);
    own.forget_old(now);
    own.fail(source.is_loopback() ? kLoopback : kPair, now);
    if (!source.is_loopback()) {
        auto& all = names_.touch(pair.first);
        all.forget_old(now);
        all.fail(kName, now);
    }
    return 0;
}

void GuessDelay::succeeded(std::string_view name, const Source& source, Tick now) {
    const Pair pair{key_of(name), source};
    const std::lock_guard lock{mutex_};
    auto& own = pairs_.touch(pair);
    own = Record{};
    own.trusted_until = now + kTrustMs;
    if (source.is_loopback()) return;
    // Only this attempt is taken back: the others' failures are not the owner's to forgive.
    auto& all = names_.touch(pair.first);
    if (all.failures > 0) --all.failures;
    all.free_at = std::min(all.free_at, all.last_failure + kName.after(all.failures));
}

}  // namespace cairn

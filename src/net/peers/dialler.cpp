#include "net/peers/dialler.hpp"

#include <algorithm>

#include "net/limits.hpp"

namespace cairn::net {
namespace {

constexpr Tick kLasted = 60'000;  // ms, that a connection has to stand for the wait to begin anew
constexpr Tick kEndsWithin = 60'000;  // ms; the transport gives up long before

}  // namespace

bool Dialler::due(const NodeAddress& address, Tick now) const {
    const auto target = targets_.find(address);
    return target == targets_.end() || (!target->second.dialling && target->second.next <= now);
}

bool Dialler::dialling(const NodeAddress& address) const {
    const auto target = targets_.find(address);
    return target != targets_.end() && target->second.dialling;
}

void Dialler::begin(const NodeAddress& address, Tick now) {
    Target& target = targets_[address];
    target.dialling = true;
    target.since = now;
}

void Dialler::succeeded(const NodeAddress& address) {
    Target& target = targets_[address];
    target.dialling = false;
    target.failures = 0;
    target.last_error.clear();
}

void Dialler::failed(const NodeAddress& address, const std::string& why, Tick most, Tick now) {
    Target& target = targets_[address];
    ++target.failures;
    wait_on(target, why, most, now);
}

void Dialler::closed(const NodeAddress& address, const std::string& why, Tick lasted, Tick most,
                     Tick now) {
    Target& target = targets_[address];
    if (lasted >= kLasted) target.wait = 0;
    wait_on(target, why, most, now);
}

void Dialler::wait_on(Target& target, const std::string& why, Tick most, Tick now) {
    target.dialling = false;
    target.last_error = why;
    target.wait = std::clamp(target.wait * 2, limits::kDialMin, most);
    target.next = now + target.wait / 2 + random_.below(target.wait / 2 + 1);
}

std::vector<NodeAddress> Dialler::under_way() const {
    std::vector<NodeAddress> out;
    for (const auto& [address, target] : targets_)
        if (target.dialling) out.push_back(address);
    return out;
}

std::vector<NodeAddress> Dialler::overdue(Tick now) const {
    std::vector<NodeAddress> out;
    for (const auto& [address, target] : targets_)
        if (target.dialling && now >= target.since + kEndsWithin) out.push_back(address);
    return out;
}

std::size_t Dialler::failures(const NodeAddress& address) const {
    const auto target = targets_.find(address);
    return target == targets_.end() ? 0 : target->second.failures;
}

std::string Dialler::last_error(const NodeAddress& address) const {
    const auto target = targets_.find(address);
    return target == targets_.end() ? std::string{} : target->second.last_error;
}

}  // namespace cairn::net

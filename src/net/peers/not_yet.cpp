#include "net/relay/relay.hpp"

namespace cairn::net {

struct Relay::State {};
Relay::Relay() = default;
Relay::~Relay() = default;
void Relay::on_open(PeerId, bool, Now, Actions&) {}
void Relay::on_close(PeerId, Chain, Now, Actions&) {}
void Relay::set_active(PeerId, bool, Now, Actions&) {}
void Relay::on_inv(PeerId, const Inv&, Chain, Now, Actions&) {}
void Relay::on_transfer(PeerId, const TransferBody&, Chain, Now, Actions&) {}
void Relay::on_not_found(PeerId, const Txid&, Chain, Now, Actions&) {}
void Relay::on_verdict(PeerId, const Txid&, const std::optional<Rejection>&, Chain, Now, Actions&) {
}
void Relay::announce(const std::vector<Txid>&, Now, Actions&) {}
void Relay::on_tip(Now) {}
void Relay::on_tick(Chain, Now, Actions&) {}
bool Relay::idle(PeerId) const { return true; }

}  // namespace cairn::net

#include "sim/senders.hpp"

#include "core/base/ensure.hpp"

namespace cairn::sim {

Senders::Senders(const ChainParams& params, Checker& checker, std::size_t count, Random random)
    : params_{params}, checker_{checker}, count_{count}, random_{random} {}

std::vector<Address> Senders::addresses() {
    std::vector<Address> all;
    for (std::size_t i = 0; i < count_; ++i) all.push_back(keys_.address(kFirstKey + i));
    return all;
}

void Senders::send(Machine& to) {
    const std::uint64_t from = kFirstKey + random_.below(count_);
    const Address recipient = keys_.address(kFirstKey + random_.below(count_));
    const std::uint64_t share = random_.between(5, 200);
    const std::uint64_t fee = random_.below(100'000);
    const std::uint64_t kind = random_.below(20);
    auto sent = std::make_shared<TransferPtr>();
    to.post(Lane::transfers,
            {[=, this](Node& node, Now now) {
                 const Address sender = keys_.address(from);
                 Transfer value{{}, node.next_nonce(sender), recipient, 0, fee, {}, {}};
                 if (kind == 0 && value.nonce > 0) --value.nonce;
                 if (kind == 1) ++value.nonce;
                 value.amount = node.account(sender).balance / share + 1;
                 const auto checked =
                     checker_.transfer(encode(keys_.signed_by(from, std::move(value), params_)));
                 ENSURE(checked.has_value());
                 if (node.submit(*checked, now))
                     *sent = *checked;
                 else
                     ++refused_;
             },
             [this, sent, at = to.id()](bool durable) {
                 if (*sent && durable) acknowledged_.push_back({*sent, at});
             }});
}

}  // namespace cairn::sim

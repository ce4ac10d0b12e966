#pragma once

#include <deque>
#include <vector>

#include "duel/random.hpp"
#include "model/builder.hpp"

namespace duel {

/// Grows branches of valid blocks with signed transfers between twenty keys, at random.
class Grower {
public:
    static constexpr std::uint8_t kKeys = 20;

    explicit Grower(Random& random);

    /// A block on top of `at`; which becomes its tip. Some of its transfers stood in other
    /// branches.
    model::Bytes extend(model::Chain& at);
    /// A block that is to follow `at`, which stays as it is.
    model::Draft draft(const model::Chain& at);

    /// How far times of new blocks lie behind the median, at most; 0: on it.
    void set_pace(std::uint64_t seconds) { pace_ = seconds; }
    [[nodiscard]] const model::Key& key(std::size_t i) const { return keys_[i]; }
    /// The key with the largest balance after `at`.
    [[nodiscard]] const model::Key& richest(const model::Chain& at) const;
    /// What a transfer of that key would find.
    [[nodiscard]] static model::Account account(const model::Chain& at,
                                                const model::Bytes32& address);
    /// A recipient: mostly one of the keys, else bytes nobody can sign for.
    [[nodiscard]] model::Bytes32 somebody();
    [[nodiscard]] std::uint64_t transfers() const { return transfers_; }

private:
    /// A key's next transfer if it can pay one; it is applied to `state`.
    std::optional<model::Transfer> transfer(const model::Chain& at, model::State& state);
    static model::Account& open(const model::Chain& at, const model::Bytes32& address,
                                model::State& state);
    static bool apply(const model::Chain& at, const model::Transfer& transfer, model::State& state);

    Random& random_;
    std::vector<model::Key> keys_;
    std::deque<model::Transfer> shelf_;  // of all branches, the newest last
    std::uint64_t pace_ = 30;
    std::uint64_t transfers_ = 0;
};

}  // namespace duel

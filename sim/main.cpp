#include <CLI/CLI.hpp>
#include <cstdio>

#include "sim/simulation.hpp"

/// Plays worlds and prints one line a seed; on failure the command that plays it again.
int main(int argc, char** argv) {
    using namespace cairn::sim;
    CLI::App app{"Simulated networks of real nodes: one seed, one history."};
    std::uint64_t seed = 1;
    std::uint64_t seeds = 1;
    double minutes = 3;
    std::string name = "all";
    std::size_t nodes = 8;
    bool tell = false;
    app.add_option("--seed", seed, "The first seed")->capture_default_str();
    app.add_option("--seeds", seeds, "How many, one after another")->capture_default_str();
    app.add_option("--nodes", nodes, "Nodes in each world")
        ->capture_default_str()
        ->check(CLI::Range(2, 1'000));
    app.add_option("--minutes", minutes, "Simulated, until everything heals")
        ->capture_default_str()
        ->check(CLI::Range(0.1, 10'000.0));
    app.add_option("--plan", name, "What goes wrong: all, calm, cuts, crashes, disks, slow")
        ->capture_default_str();
    app.add_flag("--tell", tell, "Every event in words");
    CLI11_PARSE(app, argc, argv);

    auto plan = plan_of(name);
    if (!plan) {
        std::fprintf(stderr, "cairn_sim: there is no plan \"%s\"\n", name.c_str());
        return 2;
    }
    plan->nodes = nodes;
    plan->lasts = static_cast<Micros>(minutes * 60.0) * kSecond;
    Listener listener;
    if (tell)
        listener = [](Micros when, const std::string& words) {
            std::printf("%10.3f  %s\n", static_cast<double>(when) / 1e6, words.c_str());
        };
    std::uint64_t failed = 0;
    for (std::uint64_t i = 0; i < seeds; ++i) {
        const Outcome outcome = simulate(*plan, seed + i, listener);
        std::printf("%s\n", to_string(outcome).c_str());
        if (outcome.failure) {
            ++failed;
            std::printf(
                "  again: cairn_sim --seed %llu --nodes %zu --minutes %g --plan %s --tell\n",
                static_cast<unsigned long long>(outcome.seed), nodes, minutes, name.c_str());
        }
        std::fflush(stdout);
    }
    return failed == 0 ? 0 : 1;
}

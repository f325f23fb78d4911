// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/processors.hpp"

#include <algorithm>

namespace windsor::machine {

Processors::Processors(std::size_t count, const Processor::Ended& ended)
{
    for (std::size_t number = 0; number < count; ++number) {
        processors_.push_back(std::make_unique<Processor>(ended));
    }
}

void Processors::resume()
{
    std::ranges::for_each(processors_, [](const auto& processor) { processor->resume(); });
}

// All are asked before one is waited for.
void Processors::pause()
{
    request_pause();
    std::ranges::for_each(processors_, [](const auto& processor) { processor->pause(); });
}

void Processors::request_pause()
{
    std::ranges::for_each(processors_, [](const auto& processor) { processor->request_pause(); });
}

void Processors::set_a20(bool open)
{
    std::ranges::for_each(processors_, [open](const auto& processor) { processor->set_a20(open); });
}

bool Processors::asleep() const
{
    return std::ranges::all_of(processors_, [](const auto& processor) { return processor->asleep(); });
}

std::vector<vcpu::Engine*> Processors::engines() const
{
    std::vector<vcpu::Engine*> engines;
    for (const auto& processor : processors_) {
        engines.push_back(&processor->engine());
    }
    return engines;
}

engines::Engines Processors::replace(engines::Engines engines)
{
    engines::Engines old;
    for (std::size_t number = 0; number < processors_.size(); ++number) {
        old.push_back(processors_[number]->replace(std::move(engines[number])));
    }
    return old;
}

void Processors::drop_engines()
{
    std::ranges::for_each(processors_, [](const auto& processor) { processor->replace(nullptr); });
}

std::vector<ProcessorStatus> Processors::status() const
{
    std::vector<ProcessorStatus> all;
    for (const auto& processor : processors_) {
        all.push_back({.host_processor = processor->host_processor(),
                       .thread = processor->thread_id(),
                       .asleep = processor->asleep(),
                       .time = processor->host_time()});
    }
    return all;
}

vcpu::Statistics Processors::statistics() const
{
    vcpu::Statistics sum;
    for (const auto& processor : processors_) {
        const vcpu::Statistics one = processor->engine().statistics();
        sum.instructions += one.instructions;
        sum.exceptions += one.exceptions;
        sum.interrupts += one.interrupts;
        sum.port_accesses += one.port_accesses;
        sum.mmio_accesses += one.mmio_accesses;
    }
    return sum;
}

std::vector<vcpu::Counter> Processors::counters() const
{
    std::vector<vcpu::Counter> sum;
    for (const auto& processor : processors_) {
        for (const vcpu::Counter& counter : processor->engine().counters()) {
            const auto known = std::ranges::find(sum, counter.name, &vcpu::Counter::name);
            if (known == sum.end()) {
                sum.push_back(counter);
            } else {
                known->value += counter.value;
            }
        }
    }
    return sum;
}

} // namespace windsor::machine

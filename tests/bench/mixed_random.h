/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Random numbers, the same for the same seed, of the shapes that traffic has. */
#ifndef NETSNOOP_TESTS_BENCH_MIXED_RANDOM_H
#define NETSNOOP_TESTS_BENCH_MIXED_RANDOM_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

enum shape {
	STEADY,	 /* within 1 %: a media clock */
	NARROW,	 /* lognormal, sigma 0.4: gaps between packets of a burst, round trips */
	WIDE,	 /* lognormal, sigma 1.3, as the bodies of web pages and of values in caches are */
	POISSON, /* exponential: users who do not know of each other */
	HEAVY,	 /* Pareto, alpha 1.4, cut at 1,000 times the mean: pauses, lengths of sessions */
	SHAPES,
};
#define SHAPE_VALUES 4096

struct random {
	uint64_t state;
	float shapes[SHAPES][SHAPE_VALUES]; /* values of mean 1, to pick from */
};

/* splitmix64 */
static inline uint64_t random_bits(struct random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline uint32_t random_below(struct random *random, uint32_t n)
{
	return (uint32_t)((random_bits(random) >> 32) * n >> 32);
}

static inline double random_unit(struct random *random)
{
	return (double)(random_bits(random) >> 11) * 0x1p-53;
}

static inline bool random_chance(struct random *random, uint32_t percent)
{
	return random_below(random, 100) < percent;
}

/* A value of that shape; the last part is there so that not only 4,096 times come out. */
static inline double random_shape(struct random *random, enum shape shape, double mean)
{
	uint64_t bits = random_bits(random);

	return mean * (double)random->shapes[shape][bits % SHAPE_VALUES] *
	       (0.99 + (double)(bits >> 40) * 0x1p-24 * 0.02);
}

static inline double random_lognormal(struct random *random, double sigma)
{
	double radius = sqrt(-2 * log(1 - random_unit(random)));

	return exp(sigma * radius * cos(6.283185307179586 * random_unit(random)));
}

static inline void random_init(struct random *random, uint64_t seed)
{
	random->state = seed;
	for (int i = 0; i < SHAPE_VALUES; i++) {
		double rank = (i + 0.5) / SHAPE_VALUES, heavy = pow(1 - rank, -1 / 1.4);

		random->shapes[STEADY][i] = (float)(0.99 + 0.02 * rank);
		random->shapes[NARROW][i] = (float)random_lognormal(random, 0.4);
		random->shapes[WIDE][i] = (float)random_lognormal(random, 1.3);
		random->shapes[POISSON][i] = (float)-log(1 - rank);
		random->shapes[HEAVY][i] = (float)heavy;
	}
	for (int shape = 0; shape < SHAPES; shape++) {
		double sum = 0;

		for (int i = 0; i < SHAPE_VALUES; i++)
			sum += (double)random->shapes[shape][i];
		for (int i = 0; i < SHAPE_VALUES; i++)
			random->shapes[shape][i] *= (float)(SHAPE_VALUES / sum);
	}
}

#endif
